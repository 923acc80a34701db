//! Every format but Opus.

use crate::Clip;
use std::{io::Cursor, path::Path};
use symphonia::core::{
    codecs::audio::AudioDecoderOptions,
    errors::Error,
    formats::{TrackType, probe::Hint},
    io::MediaSourceStream,
};

pub(crate) fn decode(bytes: Vec<u8>, path: &Path) -> Result<Clip, String> {
    let unreadable = |error: Error| {
        format!("{error}; it may be damaged, or no WAV, AIFF, FLAC, MP3, Ogg Vorbis or Opus file")
    };
    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str()) {
        hint.with_extension(extension);
    }
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, Default::default(), Default::default())
        .map_err(unreadable)?;
    let track = format
        .default_track(TrackType::Audio)
        .ok_or("it has no audio track")?;
    let track_id = track.id;
    let parameters = track
        .codec_params
        .as_ref()
        .and_then(|parameters| parameters.audio())
        .ok_or("its audio track does not say how it is coded")?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(unreadable)?;

    let mut clip = Clip {
        samples: Vec::new(),
        sample_rate_hz: 0,
    };
    let mut interleaved: Vec<f32> = Vec::new();
    // An error in the middle is where a truncated file ends: what came before is kept.
    while let Ok(Some(packet)) = format.next_packet() {
        if packet.track_id != track_id {
            continue;
        }
        let buffer = match decoder.decode(&packet) {
            Ok(buffer) => buffer,
            Err(Error::DecodeError(_)) => continue,
            Err(error) => return Err(unreadable(error)),
        };
        let channels = buffer.spec().channels().count().max(1);
        clip.sample_rate_hz = buffer.spec().rate();
        buffer.copy_to_vec_interleaved(&mut interleaved);
        if channels == 1 {
            clip.samples.extend_from_slice(&interleaved);
            continue;
        }
        let frames = interleaved.chunks_exact(channels);
        clip.samples
            .extend(frames.map(|frame| frame.iter().sum::<f32>() / channels as f32));
    }
    Ok(clip)
}
