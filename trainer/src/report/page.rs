//! What every page has: its head, its looks, and the legend of the emotions.

use super::colour;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pathos_analysis::Emotion;

const STYLE: &str = "
:root { color-scheme: light dark; --text: #1c2128; --weak: #5d6673; --line: #d5dae1; --panel: #f5f7f9; --back: #fff; --ink: 36 84 160; }
@media (prefers-color-scheme: dark) { :root { --text: #e8ebef; --weak: #98a2b0; --line: #343b45; --panel: #191d23; --back: #121418; --ink: 122 167 255; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .4rem; }
p, li { max-width: 75ch; } .weak, figcaption, caption { color: var(--weak); font-size: .87rem; }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .18rem .6rem; text-align: right; border-bottom: 1px solid var(--line); } th { font-weight: 600; } td:first-child, th:first-child { text-align: left; }
figure { margin: .8rem 0; } svg { max-width: 100%; height: auto; } svg text { fill: var(--text); font: 11px system-ui, sans-serif; } svg .weak { fill: var(--weak); }
svg .axis { stroke: var(--line); fill: none; } svg .wave { fill: rgb(var(--ink)); stroke: none; }
.charts { display: flex; flex-wrap: wrap; gap: 1.2rem; } .notice { background: var(--panel); border-left: 4px solid #ffb454; padding: .6rem 1rem; }
details { margin: .4rem 0; } summary { cursor: pointer; } pre { background: var(--panel); padding: .8rem; overflow: auto; font-size: .82rem; }
.legend span { margin-right: 1rem; white-space: nowrap; } .legend i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em; }
.bar { display: flex; width: 160px; height: 12px; border-radius: 3px; overflow: hidden; background: var(--line); }
code { font-size: .9em; word-break: break-all; }
";

/// A whole page.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                (body)
            }
        }
    };
    markup.into_string()
}

/// The colours of the emotions.
pub(super) fn legend() -> Markup {
    html! {
        p.legend {
            @for emotion in Emotion::ALL {
                span { i style=(format!("background:{}", colour(emotion))) {} (emotion.name()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_escapes_what_it_is_given_and_loads_nothing() {
        let page = page("a <b> & \"c\"", &html! { p { ("<script>") } (legend()) });
        assert!(page.contains("a &lt;b&gt; &amp;") && page.contains("&lt;script&gt;"));
        assert!(!page.contains("http") && !page.contains("<script"));
        for emotion in Emotion::ALL {
            assert!(page.contains(emotion.name()));
        }
    }
}
