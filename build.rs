//! Packs what ships inside the binary. Each part stands in its own module of `build/`.

#[path = "build/aws.rs"]
mod aws;
#[path = "build/pack.rs"]
mod pack;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    aws::build();
}
