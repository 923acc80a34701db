//! Where networks are trained.

use burn::tensor::Device;

/// The GPU that the build was made for (cargo features `cuda` and `wgpu`), else the CPU: by libtorch with the feature
/// `libtorch`, else by burn's own backend, which needs nothing installed.
#[must_use]
pub fn training_device() -> Device {
    #[cfg(feature = "cuda")]
    return Device::cuda(0);
    #[cfg(all(feature = "wgpu", not(feature = "cuda")))]
    return Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    #[cfg(all(feature = "libtorch", not(any(feature = "cuda", feature = "wgpu"))))]
    return Device::libtorch();
    #[cfg(not(any(feature = "cuda", feature = "wgpu", feature = "libtorch")))]
    return Device::flex();
}

/// What a run's facts call it.
#[must_use]
pub fn name() -> &'static str {
    if cfg!(feature = "cuda") {
        "CUDA"
    } else if cfg!(feature = "wgpu") {
        "GPU by wgpu"
    } else if cfg!(feature = "libtorch") {
        "CPU by libtorch"
    } else {
        "CPU"
    }
}
