//! The VST3 file's entry points and its factory.

use nice_plug::wrapper::vst3::vst3::{ComPtr, ComRef, Steinberg::FUnknown};
use std::sync::{Mutex, PoisonError};

/// What the host has told the factory of itself: some lend their run loop there.
static FACTORY_CONTEXT: Mutex<Option<ComPtr<FUnknown>>> = Mutex::new(None);

/// Keeps what a host tells the factory of itself.
///
/// # Safety
///
/// `context` must be null or valid.
pub(crate) unsafe fn set_factory_context(context: *mut FUnknown) {
    // SAFETY: by this function's contract.
    let context = unsafe { ComRef::from_raw(context) }.map(|context| context.to_com_ptr());
    *FACTORY_CONTEXT
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = context;
}

pub(super) fn factory_context() -> *mut FUnknown {
    let context = FACTORY_CONTEXT
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    context
        .as_ref()
        .map_or(std::ptr::null_mut(), ComPtr::as_ptr)
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

                unsafe fn setHostContext(&self, context: *mut FUnknown) -> tresult {
                    // SAFETY: the host gives itself, or null.
                    unsafe { $crate::host::vst3_export::set_factory_context(context) };
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
