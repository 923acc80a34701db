-- Makes an empty session with one mono track. The session's folder comes in PATHOS_SESSION.
AudioEngine:set_backend("None (Dummy)", "", "")
local session = create_session(os.getenv("PATHOS_SESSION"), "session", 48000)
session:new_audio_track(1, 2, nil, 1, "Vocal", ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal, true)
session:save_state("")
close_session()
quit()
