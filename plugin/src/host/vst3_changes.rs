//! A host's parameter changes without its writes to outputs, and with some of our own.

use super::is_output;
use nice_plug::wrapper::vst3::vst3::{
    Class, ComPtr, ComRef, ComWrapper,
    Steinberg::{
        Vst::{
            IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait,
            ParamID, ParamValue,
        },
        int32, kInvalidArgument, kResultFalse, kResultOk, tresult,
    },
};
use std::{cell::Cell, ptr};

/// Changes of our own that one block can have.
const OWN: usize = 32;

/// A view of the host's changes. Made once for an instance, and pointed at the changes of each block.
pub(super) struct InputChanges {
    host: Cell<*mut IParameterChanges>,
    own: [(ComWrapper<OwnQueue>, ComPtr<IParamValueQueue>); OWN],
    own_count: Cell<usize>,
}

/// One change of our own, at the start of a block.
#[derive(Default)]
struct OwnQueue {
    change: Cell<(ParamID, ParamValue)>,
}

impl InputChanges {
    pub(super) fn new() -> Self {
        Self {
            host: Cell::new(ptr::null_mut()),
            own: std::array::from_fn(|_| {
                let queue = ComWrapper::new(OwnQueue::default());
                let pointer = queue
                    .to_com_ptr()
                    .expect("the class has this very interface");
                (queue, pointer)
            }),
            own_count: Cell::new(0),
        }
    }

    /// Whether a change of our own can be added.
    pub(super) fn has_room(&self) -> bool {
        self.own_count.get() < OWN
    }

    /// Adds a change of our own, which counts from the start of the block.
    pub(super) fn add_own(&self, id: ParamID, value: ParamValue) {
        let count = self.own_count.get();
        if let Some((queue, _)) = self.own.get(count) {
            queue.change.set((id, value));
            self.own_count.set(count + 1);
        }
    }

    /// The changes of our own, which are done with.
    pub(super) fn take_own(&self) -> impl Iterator<Item = (ParamID, ParamValue)> + '_ {
        let count = self.own_count.replace(0);
        self.own[..count]
            .iter()
            .map(|(queue, _)| queue.change.get())
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
        (self.queues().count() + self.own_count.get()) as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let Ok(index) = usize::try_from(index) else {
            return ptr::null_mut();
        };
        // Ours come last, so that they win over what the host sends of the same block.
        let hosts = self.queues().count();
        let own = index.checked_sub(hosts);
        match own.filter(|own| *own < self.own_count.get()) {
            Some(own) => self.own[own].1.as_ptr(),
            None => self.queues().nth(index).unwrap_or(ptr::null_mut()),
        }
    }

    unsafe fn addParameterData(
        &self,
        _id: *const ParamID,
        _index: *mut int32,
    ) -> *mut IParamValueQueue {
        ptr::null_mut()
    }
}

impl Class for OwnQueue {
    type Interfaces = (IParamValueQueue,);
}

#[allow(non_snake_case)]
impl IParamValueQueueTrait for OwnQueue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.change.get().0
    }

    unsafe fn getPointCount(&self) -> int32 {
        1
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        if index != 0 || offset.is_null() || value.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: the wrapper gives valid places, as just checked.
        unsafe {
            *offset = 0;
            *value = self.change.get().1;
        }
        kResultOk
    }

    unsafe fn addPoint(&self, _: int32, _: ParamValue, _: *mut int32) -> tresult {
        kResultFalse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_changes_are_seen_once() {
        let changes = InputChanges::new();
        changes.add_own(7, 0.25);
        changes.add_own(8, 0.75);
        // SAFETY: there are no changes of a host's; the places are locals.
        unsafe {
            assert_eq!(changes.getParameterCount(), 2);
            let queue = ComRef::from_raw(changes.getParameterData(1)).unwrap();
            let (mut offset, mut value) = (9, 9.0);
            assert_eq!(queue.getParameterId(), 8);
            assert_eq!(queue.getPoint(0, &mut offset, &mut value), kResultOk);
            assert_eq!((offset, value), (0, 0.75));
            assert!(changes.getParameterData(2).is_null());
        }
        assert_eq!(
            changes.take_own().collect::<Vec<_>>(),
            [(7, 0.25), (8, 0.75)]
        );
        // SAFETY: as above.
        assert_eq!(unsafe { changes.getParameterCount() }, 0);
        (0..OWN + 5).for_each(|_| changes.add_own(1, 1.0));
        assert!(!changes.has_room());
        assert_eq!(changes.take_own().count(), OWN);
    }
}
