//! Tells the linker what a plugin's library needs.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A thread of the host that has been in the library keeps destructors of thread-local values in it, which run when the
    // thread ends. Some hosts close the library before that, so it has to stay in memory, or the host's process dies.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
