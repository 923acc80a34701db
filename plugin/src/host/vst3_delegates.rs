//! The interfaces that the decorator hands on to the wrapper, function by function.
#![allow(non_snake_case)]

use super::vst3::Decorator;
use nice_plug::{
    prelude::Vst3Plugin,
    wrapper::vst3::vst3::Steinberg::{
        Vst::{CString, ChannelContext::IInfoListenerTrait, *},
        *,
    },
};

/// Implements an interface by the functions of the decorator where a name follows `by`, and by those of the wrapper elsewhere.
macro_rules! delegate {
    ($interface:ident { $(fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty $(, by $own:ident)?;)* }) => {
        impl<P: Vst3Plugin> $interface for Decorator<P> {
            $(
                unsafe fn $name(&self, $($argument: $type),*) -> $result {
                    delegate!(@call self, $interface, $name, ($($argument),*) $(, $own)?)
                }
            )*
        }
    };
    (@call $self:ident, $interface:ident, $name:ident, ($($argument:ident),*)) => {
        // SAFETY: handed on as the host gave it.
        unsafe { $interface::$name(&$self.inner, $($argument),*) }
    };
    (@call $self:ident, $interface:ident, $name:ident, ($($argument:ident),*), $own:ident) => {
        // SAFETY: handed on as the host gave it.
        unsafe { Decorator::$own($self, $($argument),*) }
    };
}

delegate!(IPluginBaseTrait {
    fn initialize(context: *mut FUnknown) -> tresult, by begin;
    fn terminate() -> tresult, by finish;
});

delegate!(IComponentTrait {
    fn getControllerClassId(class_id: *mut TUID) -> tresult;
    fn setIoMode(mode: IoMode) -> tresult;
    fn getBusCount(kind: MediaType, dir: BusDirection) -> int32, by bus_count;
    fn getBusInfo(kind: MediaType, dir: BusDirection, index: int32, info: *mut BusInfo) -> tresult, by bus_info;
    fn getRoutingInfo(in_info: *mut RoutingInfo, out_info: *mut RoutingInfo) -> tresult;
    fn activateBus(kind: MediaType, dir: BusDirection, index: int32, state: TBool) -> tresult, by activate_bus;
    fn setActive(state: TBool) -> tresult;
    fn setState(state: *mut IBStream) -> tresult;
    fn getState(state: *mut IBStream) -> tresult;
});

delegate!(IEditControllerTrait {
    fn setComponentState(state: *mut IBStream) -> tresult;
    fn setState(state: *mut IBStream) -> tresult;
    fn getState(state: *mut IBStream) -> tresult;
    fn getParameterCount() -> int32;
    fn getParameterInfo(param_index: int32, info: *mut ParameterInfo) -> tresult, by parameter_info;
    fn getParamStringByValue(id: ParamID, value_normalized: ParamValue, string: *mut String128) -> tresult;
    fn getParamValueByString(id: ParamID, string: *mut TChar, value_normalized: *mut ParamValue) -> tresult;
    fn normalizedParamToPlain(id: ParamID, value_normalized: ParamValue) -> ParamValue;
    fn plainParamToNormalized(id: ParamID, plain_value: ParamValue) -> ParamValue;
    fn getParamNormalized(id: ParamID) -> ParamValue;
    fn setParamNormalized(id: ParamID, value: ParamValue) -> tresult, by set_param;
    fn setComponentHandler(handler: *mut IComponentHandler) -> tresult, by set_handler;
    fn createView(name: FIDString) -> *mut IPlugView;
});

delegate!(IAudioProcessorTrait {
    fn setBusArrangements(inputs: *mut SpeakerArrangement, num_ins: int32, outputs: *mut SpeakerArrangement, num_outs: int32) -> tresult, by arrange;
    fn getBusArrangement(dir: BusDirection, index: i32, arr: *mut SpeakerArrangement) -> tresult, by arrangement;
    fn canProcessSampleSize(symbolic_sample_size: int32) -> tresult;
    fn getLatencySamples() -> uint32;
    fn setupProcessing(setup: *mut ProcessSetup) -> tresult, by setup;
    fn setProcessing(state: TBool) -> tresult, by set_processing;
    fn process(data: *mut ProcessData) -> tresult, by process;
    fn getTailSamples() -> uint32;
});

delegate!(IMidiMappingTrait {
    fn getMidiControllerAssignment(bus_index: int32, channel: int16, midi_cc_number: CtrlNumber, param_id: *mut ParamID) -> tresult;
});

delegate!(INoteExpressionControllerTrait {
    fn getNoteExpressionCount(bus_idx: int32, channel: int16) -> int32;
    fn getNoteExpressionInfo(bus_idx: int32, channel: int16, note_expression_idx: int32, info: *mut NoteExpressionTypeInfo) -> tresult;
    fn getNoteExpressionStringByValue(bus_idx: int32, channel: int16, id: NoteExpressionTypeID, value: NoteExpressionValue, string: *mut String128) -> tresult;
    fn getNoteExpressionValueByString(bus_idx: int32, channel: int16, id: NoteExpressionTypeID, string: *const TChar, value: *mut NoteExpressionValue) -> tresult;
});

delegate!(IProcessContextRequirementsTrait {
    fn getProcessContextRequirements() -> uint32;
});

delegate!(IUnitInfoTrait {
    fn getUnitCount() -> int32;
    fn getUnitInfo(unit_index: int32, info: *mut UnitInfo) -> tresult;
    fn getProgramListCount() -> int32;
    fn getProgramListInfo(list_index: int32, info: *mut ProgramListInfo) -> tresult;
    fn getProgramName(list_id: ProgramListID, program_index: int32, name: *mut String128) -> tresult;
    fn getProgramInfo(list_id: ProgramListID, program_index: int32, attribute_id: CString, attribute_value: *mut String128) -> tresult;
    fn hasProgramPitchNames(id: ProgramListID, index: int32) -> tresult;
    fn getProgramPitchName(id: ProgramListID, index: int32, pitch: int16, name: *mut String128) -> tresult;
    fn getSelectedUnit() -> UnitID;
    fn selectUnit(id: UnitID) -> tresult;
    fn getUnitByBus(kind: MediaType, dir: BusDirection, bus_index: int32, channel: int32, unit_id: *mut UnitID) -> tresult;
    fn setUnitProgramData(list_or_unit: int32, program_idx: int32, data: *mut IBStream) -> tresult;
});

delegate!(IInfoListenerTrait {
    fn setChannelContextInfos(list: *mut IAttributeList) -> tresult;
});
