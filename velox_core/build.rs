//! Tells the crate which profile it is built with, so that a benchmark can refuse a quick build.

fn main() {
    // OUT_DIR is …/target/<profile>/build/<package>/out; PROFILE itself only knows debug and release.
    let out = std::env::var("OUT_DIR").unwrap_or_default();
    let profile = std::path::Path::new(&out)
        .ancestors()
        .nth(3)
        .and_then(|p| p.file_name())
        .map(|p| p.to_string_lossy().into_owned());
    println!("cargo::rustc-env=VELOX_PROFILE={}", profile.unwrap_or_else(|| "unknown".to_owned()));
    println!("cargo::rerun-if-changed=build.rs");
}
