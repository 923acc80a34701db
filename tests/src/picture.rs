//! A picture of the outputs over time, in the editor's colours.

use crate::lanes::Lanes;
use crate::outputs::EMOTIONS;
use anyhow::{Context, Result, anyhow};
use image::{RgbImage, imageops};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, FontTransform, register_font};
use std::path::Path;

/// The picture is drawn this much larger and then made smaller, so that edges are smooth.
const OVERSAMPLING: u32 = 2;
const WIDTH: u32 = 1400;
const HEIGHT: u32 = 900;

const BACKGROUND: RGBColor = RGBColor(0x0e, 0x10, 0x13);
const PANEL: RGBColor = RGBColor(0x19, 0x1d, 0x23);
const GRID: RGBColor = RGBColor(0x2c, 0x32, 0x3b);
const WAVE: RGBColor = RGBColor(0x6c, 0x77, 0x87);
const LABEL: RGBColor = RGBColor(0x9a, 0xa4, 0xb2);
const TEXT: RGBColor = RGBColor(0xf4, 0xf6, 0xf8);
/// The emotions' colours, in their order.
const COLOURS: [RGBColor; EMOTIONS.len()] = [
    RGBColor(0xe4, 0x57, 0x2e),
    RGBColor(0x2f, 0xa3, 0x7c),
    RGBColor(0xc7, 0x7d, 0xbb),
    RGBColor(0xf2, 0xd5, 0x44),
    RGBColor(0x9a, 0xa4, 0xb2),
    RGBColor(0x4c, 0x7f, 0xe0),
    RGBColor(0x5c, 0xc3, 0xf0),
];
const VALENCE: RGBColor = RGBColor(0x4f, 0xd0, 0x8a);
const AROUSAL: RGBColor = RGBColor(0xe8, 0xeb, 0xef);

const LEFT: i32 = 150;
const RIGHT: i32 = 84;
const TOP: i32 = 64;
const BOTTOM: i32 = 48;
const GAP: i32 = 8;
/// The heights of the wave and of the valence and arousal lane, in heights of an emotion's lane.
const WAVE_WEIGHT: f64 = 1.3;
const PLANE_WEIGHT: f64 = 1.6;

/// Draws the sound and what the plugin said of it into a PNG file.
///
/// # Errors
///
/// If the file cannot be written.
pub fn draw(path: &Path, title: &str, mono: &[f32], lanes: &Lanes) -> Result<()> {
    // A second registration of the same font is harmless, and the only failure is a broken font.
    register_font(
        "sans",
        FontStyle::Normal,
        epaint_default_fonts::UBUNTU_LIGHT,
    )
    .map_err(|_| anyhow!("the picture's font is broken"))?;

    let (width, height) = (WIDTH * OVERSAMPLING, HEIGHT * OVERSAMPLING);
    let mut buffer = vec![0_u8; (3 * width * height) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut buffer, (width, height)).into_drawing_area();
        area.fill(&BACKGROUND)?;
        Sheet {
            area,
            seconds: lanes.seconds().max(1e-3),
        }
        .draw(title, mono, lanes)?;
    }
    let large = RgbImage::from_raw(width, height, buffer).context("the picture has no pixels")?;
    let picture = imageops::resize(&large, WIDTH, HEIGHT, imageops::FilterType::Triangle);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    picture
        .save_with_format(path, image::ImageFormat::Png)
        .with_context(|| format!("cannot write the picture {}", path.display()))
}

/// A part of the sheet, in pixels of the finished picture.
#[derive(Clone, Copy)]
struct Row {
    top: f64,
    bottom: f64,
}

impl Row {
    fn middle(self) -> f64 {
        (self.top + self.bottom) / 2.0
    }

    /// Where `value` from 0 to 1 lies, bottom to top, with a margin.
    fn at(self, value: f64) -> f64 {
        let margin = 4.0;
        self.bottom - margin - value * (self.bottom - self.top - 2.0 * margin)
    }
}

struct Sheet<'a> {
    area: DrawingArea<BitMapBackend<'a>, plotters::coord::Shift>,
    seconds: f64,
}

impl Sheet<'_> {
    fn draw(&self, title: &str, mono: &[f32], lanes: &Lanes) -> Result<()> {
        let rows = rows();
        let (means, heard_seconds) = lanes.mean_emotions();
        self.text(title, (LEFT.into(), 30.0), 24.0, TEXT, HPos::Left)?;
        let note = format!(
            "{heard_seconds:.1} s with values · {} events to the host",
            lanes.changes()
        );
        self.text(
            &note,
            (f64::from(WIDTH as i32 - RIGHT), 30.0),
            16.0,
            LABEL,
            HPos::Right,
        )?;

        for row in rows {
            self.rectangle(f64::from(LEFT), row.top, self.right(), row.bottom, PANEL)?;
        }
        self.grid(&rows)?;
        self.wave(rows[0], mono)?;
        for (place, name) in EMOTIONS.iter().enumerate() {
            let row = rows[place + 1];
            self.filled(row, lanes.curve(place), COLOURS[place])?;
            self.text(
                &capitalised(name),
                (24.0, row.middle()),
                19.0,
                TEXT,
                HPos::Left,
            )?;
            let mean = format!("{:.0} %", 100.0 * means[place]);
            self.text(
                &mean,
                (f64::from(WIDTH) - 20.0, row.middle()),
                17.0,
                COLOURS[place],
                HPos::Right,
            )?;
        }
        self.plane(rows[EMOTIONS.len() + 1], lanes)
    }

    fn wave(&self, row: Row, mono: &[f32]) -> Result<()> {
        self.text("Sound", (24.0, row.middle()), 19.0, LABEL, HPos::Left)?;
        let over_the_means = (f64::from(WIDTH) - 20.0, row.bottom - 10.0);
        self.text("mean", over_the_means, 14.0, LABEL, HPos::Right)?;
        let peak = mono
            .iter()
            .filter(|sample| sample.is_finite())
            .fold(1e-6_f32, |peak, sample| peak.max(sample.abs()));
        let columns = (WIDTH as i32 - LEFT - RIGHT) as usize;
        for column in 0..columns {
            let part = &mono[column * mono.len() / columns..(column + 1) * mono.len() / columns];
            let loudest = part
                .iter()
                .filter(|sample| sample.is_finite())
                .fold(0.0_f32, |loudest, sample| loudest.max(sample.abs()));
            let half = (0.5 * f64::from(loudest / peak) * (row.bottom - row.top - 8.0)).max(0.5);
            let x = f64::from(LEFT) + column as f64;
            self.rectangle(x, row.middle() - half, x + 1.0, row.middle() + half, WAVE)?;
        }
        Ok(())
    }

    fn plane(&self, row: Row, lanes: &Lanes) -> Result<()> {
        let scaled = |(time, value): (f64, f64)| (time, (value + 1.0) / 2.0);
        let middle = row.at(0.5);
        self.rectangle(f64::from(LEFT), middle, self.right(), middle + 1.0, GRID)?;
        for (place, colour, name, offset) in [
            (7, VALENCE, "Valence", -13.0),
            (8, AROUSAL, "Arousal", 13.0),
        ] {
            let curve = steps(lanes.curve(place).map(scaled), self.seconds);
            let points = curve
                .map(|(time, value)| self.pixel(self.x(time), row.at(value)))
                .collect::<Vec<_>>();
            self.area.draw(&PathElement::new(
                points,
                colour.stroke_width(2 * OVERSAMPLING),
            ))?;
            self.text(
                name,
                (24.0, row.middle() + offset),
                19.0,
                colour,
                HPos::Left,
            )?;
        }
        for (value, label) in [(1.0, "+1"), (0.5, "0"), (0.0, "−1")] {
            let x = f64::from(WIDTH) - 20.0;
            self.text(label, (x, row.at(value)), 13.0, LABEL, HPos::Right)?;
        }
        Ok(())
    }

    fn filled(
        &self,
        row: Row,
        curve: impl Iterator<Item = (f64, f64)>,
        colour: RGBColor,
    ) -> Result<()> {
        let points: Vec<(i32, i32)> = steps(curve, self.seconds)
            .map(|(time, value)| self.pixel(self.x(time), row.at(value)))
            .collect();
        let mut area = points.clone();
        area.push(self.pixel(self.x(self.seconds), row.at(0.0)));
        area.push(self.pixel(self.x(0.0), row.at(0.0)));
        self.area.draw(&Polygon::new(area, colour.mix(0.45)))?;
        self.area.draw(&PathElement::new(
            points,
            colour.stroke_width(2 * OVERSAMPLING),
        ))?;
        Ok(())
    }

    fn grid(&self, rows: &[Row]) -> Result<()> {
        let step = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0]
            .into_iter()
            .find(|step| self.seconds / step <= 16.0)
            .unwrap_or(1800.0);
        let bottom = rows.last().map_or(0.0, |row| row.bottom);
        for line in 0..=(self.seconds / step) as u32 {
            let time = f64::from(line) * step;
            let x = self.x(time);
            for row in rows {
                self.rectangle(x, row.top, x + 1.0, row.bottom, GRID)?;
            }
            let label = if step < 1.0 {
                format!("{time:.1}")
            } else {
                format!("{time:.0}")
            };
            self.text(&label, (x, bottom + 18.0), 15.0, LABEL, HPos::Center)?;
        }
        self.text(
            "s",
            (self.right() + 16.0, bottom + 18.0),
            15.0,
            LABEL,
            HPos::Left,
        )
    }

    fn text(
        &self,
        text: &str,
        at: (f64, f64),
        size: f64,
        colour: RGBColor,
        side: HPos,
    ) -> Result<()> {
        let size = size * f64::from(OVERSAMPLING);
        let style = ("sans", size)
            .into_font()
            .transform(FontTransform::None)
            .color(&colour)
            .pos(Pos::new(side, VPos::Center));
        self.area.draw_text(text, &style, self.pixel(at.0, at.1))?;
        Ok(())
    }

    fn rectangle(
        &self,
        left: f64,
        top: f64,
        right: f64,
        bottom: f64,
        colour: RGBColor,
    ) -> Result<()> {
        let corners = [self.pixel(left, top), self.pixel(right, bottom)];
        self.area.draw(&Rectangle::new(corners, colour.filled()))?;
        Ok(())
    }

    fn right(&self) -> f64 {
        f64::from(WIDTH as i32 - RIGHT)
    }

    fn x(&self, seconds: f64) -> f64 {
        f64::from(LEFT) + seconds / self.seconds * (self.right() - f64::from(LEFT))
    }

    fn pixel(&self, x: f64, y: f64) -> (i32, i32) {
        let scale = f64::from(OVERSAMPLING);
        ((x * scale).round() as i32, (y * scale).round() as i32)
    }
}

/// The wave, the seven emotions, and valence with arousal, from top to bottom.
fn rows() -> [Row; EMOTIONS.len() + 2] {
    let gaps = f64::from(GAP) * (EMOTIONS.len() + 1) as f64;
    let space = f64::from(HEIGHT as i32 - TOP - BOTTOM) - gaps;
    let unit = space / (WAVE_WEIGHT + EMOTIONS.len() as f64 + PLANE_WEIGHT);
    let mut top = f64::from(TOP);
    std::array::from_fn(|place| {
        let weight = match place {
            0 => WAVE_WEIGHT,
            place if place > EMOTIONS.len() => PLANE_WEIGHT,
            _ => 1.0,
        };
        let row = Row {
            top,
            bottom: top + weight * unit,
        };
        top = row.bottom + f64::from(GAP);
        row
    })
}

/// The corners of a curve that holds each value until the next.
fn steps(curve: impl Iterator<Item = (f64, f64)>, end: f64) -> impl Iterator<Item = (f64, f64)> {
    let mut held = None;
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (time, value) in curve {
        if let Some(held) = held {
            corners.push((time, held));
        }
        corners.push((time, value));
        held = Some(value);
    }
    corners.extend(held.map(|held| (end, held)));
    corners.into_iter()
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outputs::{OUTPUTS, parameter_id};
    use crate::{bundles, voice};

    #[test]
    fn draws_a_png_in_the_emotions_colours() {
        const RATE_HZ: f64 = 8_000.0;
        let sound = voice::speak(voice::EVEN, RATE_HZ, 8.0);
        let mut lanes = Lanes::new(RATE_HZ, [0.0; OUTPUTS.len()]);
        for hop in 4..30_u64 {
            for (place, name) in OUTPUTS.iter().enumerate() {
                let phase = hop as f64 / 5.0 + place as f64;
                lanes.record(parameter_id(name), hop * 2_000, 0.5 + 0.5 * phase.sin());
            }
        }
        lanes.advance_to(sound.len() as u64);
        let file = bundles::target_dir().join("tmp/picture-test.png");
        draw(&file, "A picture of nothing", &sound, &lanes).unwrap();

        let picture = image::open(&file).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (WIDTH, HEIGHT));
        for colour in COLOURS {
            let wanted = [colour.0, colour.1, colour.2];
            assert!(
                picture.pixels().any(|pixel| pixel.0 == wanted),
                "no pixel has the colour {wanted:?}"
            );
        }
    }

    #[test]
    fn a_curve_holds_its_values() {
        let corners: Vec<_> = steps([(0.0, 1.0), (2.0, 3.0)].into_iter(), 4.0).collect();
        assert_eq!(corners, [(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (4.0, 3.0)]);
    }
}
