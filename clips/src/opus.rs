//! Ogg Opus (RFC 7845).

use crate::Clip;
use ruopus::{OpusDecoder, ogg::OggOpusReader};

/// Granule positions and the pre-skip count samples at this rate, whatever the sound's own.
const GRANULE_RATE_HZ: u32 = 48_000;
/// The rates that an Opus decoder can give.
const RATES_HZ: [u32; 5] = [8_000, 12_000, 16_000, 24_000, 48_000];

/// Whether the first page of the file holds an Opus header.
pub(crate) fn is_opus(bytes: &[u8]) -> bool {
    bytes.starts_with(b"OggS")
        && bytes
            .windows(8)
            .take(128)
            .any(|window| window == b"OpusHead")
}

/// Decodes at the lowest rate that holds all of what was encoded.
pub(crate) fn decode(bytes: &[u8]) -> Result<Clip, String> {
    let mut packets = OggOpusReader::new(bytes).map_err(|error| error.to_string())?;
    let head = packets.head().clone();
    let channels = usize::from(head.channel_count);
    if channels > 2 {
        return Err(format!(
            "it has {channels} Opus channels; convert it to mono or stereo"
        ));
    }
    let sample_rate_hz = RATES_HZ
        .into_iter()
        .find(|&rate| head.input_sample_rate != 0 && rate >= head.input_sample_rate)
        .unwrap_or(GRANULE_RATE_HZ);
    let at_rate = |granules: u64| {
        (granules * u64::from(sample_rate_hz) / u64::from(GRANULE_RATE_HZ)) as usize
    };

    let mut decoder = OpusDecoder::with_rate(sample_rate_hz, channels);
    let gain = 10f32.powf(f32::from(head.output_gain_q8) / (20.0 * 256.0));
    let mut samples = Vec::new();
    let mut position = 0;
    while let Some(packet) = packets.next() {
        let duration = at_rate(packet.granule_position.saturating_sub(position)).max(1);
        position = packet.granule_position;
        // A damaged packet is concealed, as a player would.
        let pcm = decoder
            .decode_packet(&packet.data)
            .unwrap_or_else(|_| vec![0.0; duration * channels]);
        let frames = pcm.chunks_exact(channels);
        samples.extend(frames.map(|frame| gain * frame.iter().sum::<f32>() / channels as f32));
    }
    samples.truncate(at_rate(position));
    samples.drain(..at_rate(u64::from(head.pre_skip)).min(samples.len()));
    Ok(Clip {
        samples,
        sample_rate_hz,
    })
}
