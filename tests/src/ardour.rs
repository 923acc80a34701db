//! Records Pathos's lanes in Ardour, without a window.
//!
//! Debian's `ardour` has `ardour7-lua`, which runs a whole session from a script. It cannot import sound, so the session's file is
//! given a region by hand: as Ardour 7.3 writes it.

use crate::bundles;
use crate::lanes::Lanes;
use crate::outputs::{self, OUTPUTS, parameter_id};
use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// The rate of the session.
pub const RATE_HZ: u32 = 48_000;

const PROGRAM: &str = "ardour7-lua";
const LIBRARIES: &str = "/usr/lib/ardour7";
const NEW_SESSION: &str = include_str!("../ardour/new_session.lua");
const RECORD: &str = include_str!("../ardour/record.lua");
/// Ardour's superclock: ticks in a second.
const TICKS_PER_SECOND: u64 = 282_240_000;

/// What came of a pass.
pub struct Pass {
    /// The recorded lanes, with times from the start of the sound.
    pub lanes: Lanes,
    /// Channels of the track's output, with Pathos on it.
    pub channels: usize,
}

/// Why Ardour cannot be used here, if it cannot.
#[must_use]
pub fn why_not() -> Option<String> {
    let scanner = Path::new(LIBRARIES).join("ardour-vst3-scanner");
    let runs = Command::new(PROGRAM).arg("-v").output().is_ok();
    (!runs || !scanner.exists())
        .then(|| format!("{PROGRAM} of Debian's package ardour is not here"))
}

/// Plays a mono sound of [`RATE_HZ`] through a track with Pathos in Write, in real time, and gives what Ardour recorded.
///
/// # Errors
///
/// If the bundle is not built, or Ardour fails; the message holds what it said.
pub fn record(sound: &[f32], folder: &Path) -> Result<Pass> {
    let home = folder.join("home");
    let session = folder.join("session");
    fs::create_dir_all(&home)?;
    let bundle = scan(&home)?;
    run(&home, &session, NEW_SESSION, 0)?;
    let wav = session.join("interchange/session/audiofiles/vocal.wav");
    write_wav(&wav, sound)?;
    add_region(&session.join("session.ardour"), sound.len())?;
    let seconds = sound.len() as u64 / u64::from(RATE_HZ) + 2;
    let text = run(&home, &session, RECORD, seconds)
        .with_context(|| format!("with {}", bundle.display()))?;
    read(&text, sound.len())
}

/// Lets Ardour find the bundle in a home of its own.
fn scan(home: &Path) -> Result<PathBuf> {
    let library = bundles::vst3_library()?;
    let bundle = library
        .ancestors()
        .nth(3)
        .context("the library lies in no bundle")?;
    // Ardour takes a cache for stale that is of the same second as the plugin.
    let age = fs::metadata(&library)?.modified()?.elapsed();
    std::thread::sleep(Duration::from_secs(2).saturating_sub(age.unwrap_or_default()));
    let folder = home.join(".vst3");
    fs::create_dir_all(&folder)?;
    let link = folder.join("Pathos.vst3");
    if !link.exists() {
        #[cfg(unix)]
        std::os::unix::fs::symlink(bundle, &link)?;
    }
    let output = Command::new(Path::new(LIBRARIES).join("ardour-vst3-scanner"))
        .arg("-f")
        .arg(&link)
        .env("HOME", home)
        .env("LD_LIBRARY_PATH", LIBRARIES)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(
        text.contains("Found Plugin: Pathos"),
        "Ardour's scanner: {text}"
    );
    Ok(link)
}

/// Runs a script; gives what it printed.
fn run(home: &Path, session: &Path, script: &str, seconds: u64) -> Result<String> {
    let file = home.join("script.lua");
    fs::write(&file, script)?;
    let output = Command::new(PROGRAM)
        .arg(&file)
        .env("HOME", home)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env("PATHOS_SESSION", session)
        .env("PATHOS_SECONDS", seconds.to_string())
        .output()
        .with_context(|| format!("cannot run {PROGRAM}"))?;
    let said = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&said).into_owned();
    if !output.status.success() || text.contains("Error: ") {
        let file = session.join("session.ardour");
        bail!(
            "Ardour failed ({}, {}): {text}",
            output.status,
            file.display()
        );
    }
    Ok(text)
}

fn write_wav(path: &Path, sound: &[f32]) -> Result<()> {
    let data = 4 * sound.len() as u32;
    let mut bytes = Vec::with_capacity(44 + data as usize);
    bytes.extend(b"RIFF");
    bytes.extend((36 + data).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    // 3: floating point; one channel; the rate; bytes per second; bytes per frame; bits.
    bytes.extend(3u16.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(RATE_HZ.to_le_bytes());
    bytes.extend((4 * RATE_HZ).to_le_bytes());
    bytes.extend(4u16.to_le_bytes());
    bytes.extend(32u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data.to_le_bytes());
    bytes.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Puts a region of the sound at the start of the track.
fn add_region(file: &Path, frames: usize) -> Result<()> {
    let session = fs::read_to_string(file)?;
    let source = r#"<Sources><Source name="vocal.wav" type="audio" flags="" id="9001" captured-for="Vocal" channel="0" origin="" gain="1"/></Sources>"#;
    let ticks = frames as u64 * TICKS_PER_SECOND / u64::from(RATE_HZ);
    let region = format!(
        r#"<Region name="vocal" start="a0" length="a{ticks}@a0" id="9003" type="audio" first-edit="nothing" channels="1" source-0="9001" master-source-0="9001" opaque="1" automatic="0" whole-file="0" default-fade-in="1" default-fade-out="1"/>"#
    );
    let start = session
        .find(r#"name="Vocal" type="audio" orig-track-id"#)
        .context("the session has no playlist")?;
    let end = start
        + session[start..]
            .find("/>")
            .context("the playlist does not end")?;
    let with_region = format!(
        "{}>{region}</Playlist>{}",
        &session[..end],
        &session[end + 2..]
    );
    let with_source = with_region.replacen("<Sources/>", source, 1);
    let counter = with_source
        .find("id-counter=\"")
        .context("the session counts no ids")?;
    let digits = counter + "id-counter=\"".len();
    let rest = with_source[digits..]
        .find('"')
        .context("the counter does not end")?;
    let text = format!(
        "{}10000{}",
        &with_source[..digits],
        &with_source[digits + rest..]
    );
    fs::write(file, text)?;
    Ok(())
}

fn read(text: &str, frames: usize) -> Result<Pass> {
    let mut lanes = Lanes::new(f64::from(RATE_HZ), [0.0; OUTPUTS.len()]);
    let mut channels = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["channels", count] => channels = count.parse().ok(),
            // The first point is what Ardour held before the pass.
            ["point", _, "0", _] => {}
            ["point", name, frame, value] => {
                let frame: u64 = frame.parse()?;
                if frame > frames as u64 {
                    continue;
                }
                let id = parameter_id(&name.to_lowercase());
                let value: f64 = value.parse()?;
                // Ardour shows values as the plugin counts them.
                let is_bipolar = outputs::place_of(id).is_some_and(outputs::is_bipolar);
                let normalised = if is_bipolar {
                    f64::midpoint(value, 1.0)
                } else {
                    value
                };
                lanes.record(id, frame, normalised);
            }
            _ => {}
        }
    }
    lanes.advance_to(frames as u64);
    let channels = channels.with_context(|| format!("Ardour told no channels: {text}"))?;
    Ok(Pass { lanes, channels })
}

/// A new folder for a session.
///
/// # Errors
///
/// If it cannot be made.
pub fn scratch() -> Result<PathBuf> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let name = format!("ardour-{}-{}", std::process::id(), now.as_nanos());
    let folder = bundles::target_dir().join("tmp").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
