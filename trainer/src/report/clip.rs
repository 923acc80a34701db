//! A clip to look at: its waveform, its log-mel spectrogram and its emotions over one axis of time.

use super::colour;
use anyhow::Result;
use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, html};
use pathos_analysis::{
    ANALYSIS_RATE_HZ, Emotion, Estimate, LogMelSettings, MEL_BANDS, MelFrame, log_mel_of,
};

const WIDTH: f64 = 960.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 14.0;
const WAVE_HEIGHT: f64 = 56.0;
const IMAGE_HEIGHT: f64 = 112.0;
const TIMELINE_HEIGHT: f64 = 84.0;
const GAP: f64 = 8.0;
/// Columns of the waveform, which bound the size of the page.
const WAVE_COLUMNS: usize = 320;
/// Columns of the spectrogram.
const IMAGE_COLUMNS: usize = 480;
/// What lies this far below the loudest cell is black, in nepers of power: 60 dB.
const RANGE: f32 = 13.8;

/// Where a hop ends, in seconds, and what was heard up to it.
pub(super) struct Hop<'a> {
    pub(super) seconds: f64,
    pub(super) estimate: &'a Estimate,
}

/// A figure of samples at the analysis rate; of hops too, if there are any.
///
/// # Errors
///
/// If the picture cannot be encoded.
pub(super) fn figure(samples: &[f32], hops: &[Hop], caption: &str) -> Result<Markup> {
    let seconds = (samples.len() as f64 / f64::from(ANALYSIS_RATE_HZ)).max(0.001);
    let scale = (WIDTH - LEFT - RIGHT) / seconds;
    let image_top = WAVE_HEIGHT + GAP;
    let timeline_top = image_top + IMAGE_HEIGHT + GAP;
    let bottom = if hops.is_empty() {
        timeline_top - GAP
    } else {
        timeline_top + TIMELINE_HEIGHT
    };
    let frames = log_mel_of(samples);
    let loudest = frames.iter().flatten().fold(f32::MIN, |a, b| a.max(*b));
    let image = spectrogram(&frames, [loudest - RANGE, loudest])?;
    let second_marks = marks(seconds);
    Ok(html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 22.0)) width=(WIDTH) role="img" aria-label=[Some(caption).filter(|own| !own.is_empty())] {
                path.wave d=(waveform(samples)) {}
                @if let Some(image) = image {
                    image x=(LEFT) y=(image_top) width=(WIDTH - LEFT - RIGHT) height=(IMAGE_HEIGHT) preserveAspectRatio="none" href=(image) {}
                    @for (hz, share) in mel_marks() {
                        text.weak x=(LEFT - 5.0) y=(image_top + IMAGE_HEIGHT * (1.0 - share) + 4.0) text-anchor="end" { (hz) }
                    }
                }
                @if !hops.is_empty() {
                    (timeline(hops, scale, timeline_top))
                }
                @for second in second_marks {
                    text.weak x=(LEFT + second * scale) y=(bottom + 14.0) text-anchor="middle" { (format!("{second} s")) }
                }
            }
            @if !caption.is_empty() { figcaption { (caption) } }
        }
    })
}

/// Round numbers of seconds, about eight of them.
fn marks(seconds: f64) -> Vec<f64> {
    let steps = [
        0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0,
    ];
    let step = steps
        .into_iter()
        .find(|step| seconds / step <= 9.0)
        .unwrap_or(seconds / 8.0);
    (0..=(seconds / step) as usize)
        .map(|n| n as f64 * step)
        .collect()
}

/// The least and the largest sample of each column, as the outline of an area.
fn waveform(samples: &[f32]) -> String {
    let columns = samples.len().clamp(1, WAVE_COLUMNS);
    let peak = samples.iter().fold(1e-4f32, |peak, s| peak.max(s.abs()));
    let width = (WIDTH - LEFT - RIGHT) / columns as f64;
    let middle = WAVE_HEIGHT / 2.0;
    let column = |number: usize| {
        let range = number * samples.len() / columns..(number + 1) * samples.len() / columns;
        let own = &samples[range];
        let most = own.iter().fold(0.0f32, |a, b| a.max(*b));
        let least = own.iter().fold(0.0f32, |a, b| a.min(*b));
        [most, least].map(|value| middle - middle * f64::from(value / peak))
    };
    let points: Vec<[f64; 2]> = (0..columns).map(column).collect();
    let x = |number: usize| LEFT + width * (number as f64 + 0.5);
    let upper = points
        .iter()
        .enumerate()
        .map(|(n, own)| format!("{:.1} {:.1}L", x(n), own[0] - 0.3));
    let lower = points
        .iter()
        .enumerate()
        .rev()
        .map(|(n, own)| format!("{:.1} {:.1}L", x(n), own[1] + 0.3));
    let outline: String = upper.chain(lower).collect();
    format!("M{}Z", outline.trim_end_matches('L'))
}

/// A figure of the normalised log-mel rows that a network is given, from 2.5 deviations below the mean (black) to 2.5 above.
///
/// # Errors
///
/// If the picture cannot be encoded.
pub(super) fn rows_figure(rows: &[MelFrame], caption: &str) -> Result<Markup> {
    let image = spectrogram(rows, [-2.5, 2.5])?;
    Ok(html! {
        figure {
            svg viewBox=(format!("0 0 {WIDTH} {IMAGE_HEIGHT}")) width=(WIDTH) role="img" aria-label=(caption) {
                @if let Some(image) = image {
                    image x=(LEFT) y="0" width=(WIDTH - LEFT - RIGHT) height=(IMAGE_HEIGHT) preserveAspectRatio="none" href=(image) {}
                }
            }
            figcaption { (caption) }
        }
    })
}

/// A spectrogram from black to the brightest colour, as the address of a picture; none without a frame. Colours: `magma` of matplotlib (Smith & van der Walt).
fn spectrogram(frames: &[MelFrame], [black, bright]: [f32; 2]) -> Result<Option<String>> {
    if frames.is_empty() {
        return Ok(None);
    }
    let columns = frames.len().min(IMAGE_COLUMNS);
    let mut pixels = Vec::with_capacity(columns * MEL_BANDS);
    for band in (0..MEL_BANDS).rev() {
        for column in 0..columns {
            let value = frames[column * frames.len() / columns][band];
            let share = (value - black) / (bright - black);
            pixels.push((255.0 * share.clamp(0.0, 1.0)) as u8);
        }
    }
    let palette: Vec<u8> = (0..=255)
        .flat_map(|level| colorous::MAGMA.eval_rational(level, 256).as_array())
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, columns as u32, MEL_BANDS as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(Some(format!(
        "data:image/png;base64,{}",
        STANDARD.encode(bytes)
    )))
}

/// Where round frequencies lie on the axis of the spectrogram, from 0 at the bottom to 1.
fn mel_marks() -> [(&'static str, f64); 4] {
    let settings = LogMelSettings::default();
    let mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let (low, high) = (mel(settings.low_hz.into()), mel(settings.high_hz.into()));
    [
        ("200 Hz", 200.0),
        ("800 Hz", 800.0),
        ("2 kHz", 2_000.0),
        ("5 kHz", 5_000.0),
    ]
    .map(|(text, hz)| (text, (mel(hz) - low) / (high - low)))
}

/// The probabilities of each hop stacked; nothing where there is no voice.
fn timeline(hops: &[Hop], scale: f64, top: f64) -> Markup {
    let mut start = 0.0;
    html! {
        rect.axis x=(LEFT) y=(top) width=(WIDTH - LEFT - RIGHT) height=(TIMELINE_HEIGHT) {}
        text.weak x=(LEFT - 5.0) y=(top + 10.0) text-anchor="end" { "100 %" }
        text.weak x=(LEFT - 5.0) y=(top + TIMELINE_HEIGHT) text-anchor="end" { "0" }
        @for hop in hops {
            @let x = LEFT + start * scale;
            @let width = (hop.seconds - start) * scale;
            @let () = { start = hop.seconds; };
            @if hop.estimate.state.has_values() {
                (stack(&hop.estimate.probabilities, x, width, top))
            }
        }
    }
}

fn stack(probabilities: &[f32; Emotion::COUNT], x: f64, width: f64, top: f64) -> Markup {
    let mut y = top;
    html! {
        @for emotion in Emotion::ALL {
            @let height = TIMELINE_HEIGHT * f64::from(probabilities[emotion.index()]);
            @if height >= 0.4 {
                rect x=(format!("{x:.1}")) y=(format!("{y:.1}")) width=(format!("{:.1}", width + 0.3)) height=(format!("{height:.1}")) fill=(colour(emotion)) {}
            }
            @let () = { y += height; };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pathos_analysis::VoiceState;

    #[test]
    fn a_figure_has_its_parts_in_few_bytes() {
        let samples: Vec<f32> = (0..160_000)
            .map(|n| ((n as f32).powf(1.4) * 0.01).sin())
            .collect();
        let estimate = Estimate::new(
            0,
            [0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
            1.0,
            VoiceState::Voice,
        );
        let silent = Estimate::without_values(0, 0.0, VoiceState::NoVoice);
        let hops: Vec<Hop> = (1..=40)
            .map(|n| Hop {
                seconds: 0.25 * f64::from(n),
                estimate: if n < 4 { &silent } else { &estimate },
            })
            .collect();
        let svg = figure(&samples, &hops, "a <clip>").unwrap().into_string();
        assert!(svg.contains("a &lt;clip&gt;") && svg.contains("data:image/png"));
        assert_eq!(
            svg.matches(colour(Emotion::Angry)).count(),
            37,
            "a gap without a voice"
        );
        assert!(svg.len() < 120_000, "{} bytes", svg.len());
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn silence_and_nothing_are_safe() {
        for samples in [&[][..], &[0.0; 100], &[0.0; 16_000]] {
            let svg = figure(samples, &[], "silence").unwrap().into_string();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
