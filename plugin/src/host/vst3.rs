//! VST3: a decorator that holds the framework's wrapper by value.
//!
//! It implements the same interfaces. What it changes is here; what it hands on is in `vst3_delegates`.

use super::{AT_REST, OUTPUT_HASHES, is_output, vst3_changes::InputChanges};
use crate::outputs::OUTPUT_COUNT;
use nice_plug::{
    prelude::Vst3Plugin,
    wrapper::vst3::{
        Wrapper,
        vst3::{
            Class, ComPtr, ComRef, ComWrapper,
            Steinberg::{
                Vst::{
                    ChannelContext::IInfoListener, IAudioProcessor, IAudioProcessorTrait,
                    IComponent, IEditController, IEditControllerTrait, IMidiMapping,
                    INoteExpressionController, IParamValueQueueTrait, IParameterChanges,
                    IParameterChangesTrait, IProcessContextRequirements, IUnitInfo, ParamID,
                    ParamValue, ParameterInfo, ParameterInfo_::ParameterFlags_, ProcessData,
                    ProcessSetup,
                },
                int32, kInvalidArgument, kResultOk, tresult,
            },
        },
    },
};
use std::cell::Cell;

/// A decorated instance.
pub(crate) struct Decorator<P: Vst3Plugin> {
    pub(super) inner: Wrapper<P>,
    /// What the host was told last. Only `process` uses it, which a host calls from one thread at a time.
    told: Cell<[f64; OUTPUT_COUNT]>,
    /// The host's changes as the wrapper may see them.
    changes: ComWrapper<InputChanges>,
    changes_ptr: ComPtr<IParameterChanges>,
}

impl<P: Vst3Plugin> Class for Decorator<P> {
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IMidiMapping,
        INoteExpressionController,
        IProcessContextRequirements,
        IUnitInfo,
        IInfoListener,
    );
}

impl<P: Vst3Plugin> Decorator<P> {
    pub(crate) fn new() -> Self {
        let changes = ComWrapper::new(InputChanges::new());
        let changes_ptr = changes
            .to_com_ptr()
            .expect("the class has this very interface");
        Self {
            inner: Wrapper::new(),
            told: Cell::new(AT_REST),
            changes,
            changes_ptr,
        }
    }

    /// Processes a block, then tells the host of every output that has changed.
    ///
    /// # Safety
    ///
    /// As for `IAudioProcessor::process`.
    pub(super) unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        // SAFETY: the host gives a valid block, or null; so for the uses of `data` below.
        let Some(block) = (unsafe { data.as_mut() }) else {
            return kInvalidArgument;
        };
        let host_changes = block.inputParameterChanges;
        if !host_changes.is_null() {
            self.changes.view(host_changes);
            block.inputParameterChanges = self.changes_ptr.as_ptr();
        }
        // SAFETY: the block is the host's, with changes that are valid until the next line.
        let result = unsafe { IAudioProcessorTrait::process(&self.inner, data) };
        self.changes.view(std::ptr::null_mut());
        block.inputParameterChanges = host_changes;

        // SAFETY: the host gives valid changes to write to, or null.
        if let Some(changes) = unsafe { ComRef::from_raw(block.outputParameterChanges) } {
            // SAFETY: as above.
            unsafe { self.tell(changes, block.numSamples) };
        }
        result
    }

    /// # Safety
    ///
    /// `changes` must be the block's.
    unsafe fn tell(&self, changes: ComRef<'_, IParameterChanges>, frames: int32) {
        let mut told = self.told.get();
        for (&id, told) in OUTPUT_HASHES.iter().zip(&mut told) {
            // SAFETY: the wrapper takes any id.
            let value = unsafe { IEditControllerTrait::getParamNormalized(&self.inner, id) };
            if value == *told {
                continue;
            }
            let (mut queue_index, mut point_index) = (0, 0);
            // SAFETY: the pointers are to locals; the host gives a valid queue, or null.
            unsafe {
                let queue = changes.addParameterData(&id, &mut queue_index);
                let Some(queue) = ComRef::from_raw(queue) else {
                    continue;
                };
                if queue.addPoint((frames - 1).max(0), value, &mut point_index) == kResultOk {
                    *told = value;
                }
            }
        }
        self.told.set(told);
    }

    /// Outputs can be automated, so that hosts offer them as lanes and as sources.
    ///
    /// # Safety
    ///
    /// As for `IEditController::getParameterInfo`.
    pub(super) unsafe fn parameter_info(&self, index: int32, info: *mut ParameterInfo) -> tresult {
        // The wrapper's own check lets the index one past the end through.
        // SAFETY: the wrapper takes the call at any time.
        if index >= unsafe { IEditControllerTrait::getParameterCount(&self.inner) } {
            return kInvalidArgument;
        }
        // SAFETY: handed on.
        let result = unsafe { IEditControllerTrait::getParameterInfo(&self.inner, index, info) };
        // SAFETY: where the wrapper succeeded, it has filled in a valid struct.
        if let (true, Some(info)) = (result == kResultOk, unsafe { info.as_mut() })
            && is_output(info.id)
        {
            info.flags &=
                !(ParameterFlags_::kIsReadOnly as int32 | ParameterFlags_::kIsHidden as int32);
            info.flags |= ParameterFlags_::kCanAutomate as int32;
        }
        result
    }

    /// Outputs are set by the voice alone.
    ///
    /// # Safety
    ///
    /// As for `IEditController::setParamNormalized`.
    pub(super) unsafe fn set_param(&self, id: ParamID, value: ParamValue) -> tresult {
        if is_output(id) {
            return kResultOk;
        }
        // SAFETY: handed on.
        unsafe { IEditControllerTrait::setParamNormalized(&self.inner, id, value) }
    }

    /// The wrapper of nice-plug 0.4.2 stores the mode of the call before, so that the first offline render would run as
    /// realtime: the second call sets it right.
    ///
    /// # Safety
    ///
    /// As for `IAudioProcessor::setupProcessing`.
    pub(super) unsafe fn setup(&self, setup: *mut ProcessSetup) -> tresult {
        // SAFETY: handed on, twice.
        unsafe {
            IAudioProcessorTrait::setupProcessing(&self.inner, setup);
            IAudioProcessorTrait::setupProcessing(&self.inner, setup)
        }
    }
}

/// Exports a plugin as VST3, decorated.
#[macro_export]
macro_rules! export_vst3 {
    ($plugin:ty) => {
        #[allow(unsafe_code, non_snake_case)]
        mod vst3_export {
            use super::*;
            use nice_plug::wrapper::{
                setup_logger,
                vst3::{
                    PluginInfo,
                    vst3::{Class, ComWrapper, Steinberg::*},
                },
            };
            use std::ffi::c_void;

            struct Factory {
                info: PluginInfo,
            }

            impl Class for Factory {
                type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
            }

            /// Writes a value where the host wants it.
            ///
            /// # Safety
            ///
            /// `target` must be null or valid.
            unsafe fn write<T>(target: *mut T, value: T) -> tresult {
                if target.is_null() {
                    return kInvalidArgument;
                }
                // SAFETY: valid by this function's contract.
                unsafe { target.write(value) };
                kResultOk
            }

            impl IPluginFactoryTrait for Factory {
                unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
                    // SAFETY: the host's pointer; so below.
                    unsafe { write(info, self.info.create_factory_info()) }
                }

                unsafe fn countClasses(&self) -> int32 {
                    1
                }

                unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
                    if index != 0 {
                        return kInvalidArgument;
                    }
                    // SAFETY: as above.
                    unsafe { write(info, self.info.create_class_info()) }
                }

                unsafe fn createInstance(
                    &self,
                    class: FIDString,
                    interface: FIDString,
                    object: *mut *mut c_void,
                ) -> tresult {
                    if class.is_null() || interface.is_null() || object.is_null() {
                        return kInvalidArgument;
                    }
                    // SAFETY: both ids have 16 bytes, and `object` is valid; the instance is kept by the reference that
                    // `queryInterface` counts.
                    unsafe {
                        if &*class.cast::<[u8; 16]>() != self.info.cid {
                            return kInvalidArgument;
                        }
                        let instance =
                            ComWrapper::new($crate::host::vst3::Decorator::<$plugin>::new());
                        let Some(unknown) = instance.as_com_ref::<FUnknown>() else {
                            return kNoInterface;
                        };
                        let unknown = unknown.as_ptr();
                        ((*(*unknown).vtbl).queryInterface)(unknown, interface.cast(), object)
                    }
                }
            }

            impl IPluginFactory2Trait for Factory {
                unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
                    if index != 0 {
                        return kInvalidArgument;
                    }
                    // SAFETY: as above.
                    unsafe { write(info, self.info.create_class_info_2()) }
                }
            }

            impl IPluginFactory3Trait for Factory {
                unsafe fn getClassInfoUnicode(
                    &self,
                    index: int32,
                    info: *mut PClassInfoW,
                ) -> tresult {
                    if index != 0 {
                        return kInvalidArgument;
                    }
                    // SAFETY: as above.
                    unsafe { write(info, self.info.create_class_info_unicode()) }
                }

                unsafe fn setHostContext(&self, _context: *mut FUnknown) -> tresult {
                    kResultOk
                }
            }

            /// What a VST3 host looks for in the file.
            // SAFETY: the name is VST3's own; so for those below.
            #[unsafe(no_mangle)]
            extern "system" fn GetPluginFactory() -> *mut c_void {
                let factory = Factory {
                    info: PluginInfo::for_plugin::<$plugin>(),
                };
                let factory = ComWrapper::new(factory).to_com_ptr::<IPluginFactory>();
                factory.map_or(std::ptr::null_mut(), |factory| factory.into_raw().cast())
            }

            /// Called when a host on Linux has loaded the file.
            // SAFETY: as above.
            #[cfg(all(target_family = "unix", not(target_os = "macos")))]
            #[unsafe(no_mangle)]
            extern "C" fn ModuleEntry(_library: *mut c_void) -> bool {
                setup_logger::<$plugin>();
                true
            }

            /// Called when a host on Linux lets go of the file.
            // SAFETY: as above.
            #[cfg(all(target_family = "unix", not(target_os = "macos")))]
            #[unsafe(no_mangle)]
            extern "C" fn ModuleExit() -> bool {
                true
            }

            /// Called when a host on macOS has loaded the file.
            // SAFETY: as above.
            #[cfg(target_os = "macos")]
            #[unsafe(no_mangle)]
            extern "C" fn bundleEntry(_bundle: *mut c_void) -> bool {
                setup_logger::<$plugin>();
                true
            }

            /// Called when a host on macOS lets go of the file.
            // SAFETY: as above.
            #[cfg(target_os = "macos")]
            #[unsafe(no_mangle)]
            extern "C" fn bundleExit() -> bool {
                true
            }

            /// Called when a host on Windows has loaded the file.
            // SAFETY: as above.
            #[cfg(target_os = "windows")]
            #[unsafe(no_mangle)]
            extern "system" fn InitDll() -> bool {
                setup_logger::<$plugin>();
                true
            }

            /// Called when a host on Windows lets go of the file.
            // SAFETY: as above.
            #[cfg(target_os = "windows")]
            #[unsafe(no_mangle)]
            extern "system" fn ExitDll() -> bool {
                true
            }
        }
    };
}
