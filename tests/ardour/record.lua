-- Puts Pathos on the track of a session, plays it with the ten outputs' automation in Write, and prints what was recorded:
-- a line `point <output> <sample> <value>` each.
io.stdout:setvbuf("no")
AudioEngine:set_backend("None (Dummy)", "", "")
local session = load_session(os.getenv("PATHOS_SESSION"), "session")
local track = session:route_by_name("Vocal")
local processor = ARDOUR.LuaAPI.new_plugin(session, "Pathos", ARDOUR.PluginType.VST3, "")
assert(not processor:isnil(), "Ardour does not find Pathos.vst3")
track:add_processor_by_index(processor, -1, nil, true)
local insert = processor:to_insert()
print("channels", track:n_outputs():n_audio())

-- The number of a parameter among those that Ardour can set.
local function number_of(name)
  local plugin = insert:plugin(0)
  local number = 0
  for index = 0, plugin:parameter_count() - 1 do
    if plugin:parameter_is_input(index) then
      if plugin:parameter_label(index) == name then return number end
      number = number + 1
    end
  end
  error("no parameter " .. name)
end

-- Ardour counts the choices of a parameter from 0: this is Write. It lends no run loop while the window is shut.
ARDOUR.LuaAPI.set_processor_param(processor, number_of("Host updates"), 2)
ARDOUR.LuaAPI.set_processor_param(processor, number_of("Gestures from audio thread"), 1)

local outputs = { "Angry", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise", "Valence", "Arousal", "Voice" }
local lanes = {}
for _, name in ipairs(outputs) do
  local number = number_of(name)
  local parameter = Evoral.Parameter(ARDOUR.AutomationType.PluginAutomation, 0, number)
  insert:to_automatable():automation_control(parameter, true):set_automation_state(ARDOUR.AutoState.Write)
  local _, lane, _ = ARDOUR.LuaAPI.plugin_automation(processor, number)
  lanes[name] = lane
end

local function wait(seconds)
  for _ = 1, 10 * seconds do ARDOUR.LuaAPI.usleep(100000) end
end

session:goto_start()
wait(1)
session:request_roll(ARDOUR.TransportRequestSource.TRS_UI)
wait(tonumber(os.getenv("PATHOS_SECONDS")))
session:request_stop(false, false, ARDOUR.TransportRequestSource.TRS_UI)
wait(1)
for _, name in ipairs(outputs) do
  for event in lanes[name]:events():iter() do
    print(string.format("point %s %d %.6f", name, event.when:samples(), event.value))
  end
end
close_session()
quit()
