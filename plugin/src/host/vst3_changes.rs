//! A host's parameter changes without its writes to outputs.

use super::is_output;
use nice_plug::wrapper::vst3::vst3::{
    Class, ComRef,
    Steinberg::{
        Vst::{
            IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait,
            ParamID,
        },
        int32,
    },
};
use std::{cell::Cell, ptr};

/// A view of the host's changes. Made once for an instance, and pointed at the changes of each block.
pub(super) struct InputChanges {
    host: Cell<*mut IParameterChanges>,
}

impl InputChanges {
    pub(super) fn new() -> Self {
        Self {
            host: Cell::new(ptr::null_mut()),
        }
    }

    /// Points the view at a block's changes; null after the block.
    pub(super) fn view(&self, host: *mut IParameterChanges) {
        self.host.set(host);
    }

    /// The queues of parameters that a host may set.
    fn queues(&self) -> impl Iterator<Item = *mut IParamValueQueue> + '_ {
        // SAFETY: the pointer is null or the changes of the block that is being processed, which is when this is called.
        let host = unsafe { ComRef::from_raw(self.host.get()) };
        // SAFETY: as above.
        let count = host.map_or(0, |host| unsafe { host.getParameterCount() });
        (0..count).filter_map(move |index| {
            // SAFETY: as above; the index is in range.
            let queue = unsafe { host?.getParameterData(index) };
            // SAFETY: a host gives a valid queue, or null.
            let id = unsafe { ComRef::from_raw(queue)?.getParameterId() };
            (!is_output(id)).then_some(queue)
        })
    }
}

impl Class for InputChanges {
    type Interfaces = (IParameterChanges,);
}

#[allow(non_snake_case)]
impl IParameterChangesTrait for InputChanges {
    unsafe fn getParameterCount(&self) -> int32 {
        self.queues().count() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queue = usize::try_from(index)
            .ok()
            .and_then(|index| self.queues().nth(index));
        queue.unwrap_or(ptr::null_mut())
    }

    unsafe fn addParameterData(
        &self,
        _id: *const ParamID,
        _index: *mut int32,
    ) -> *mut IParamValueQueue {
        ptr::null_mut()
    }
}
