//! Packs what ships inside the binary. Each part stands in its own module of `build/`.

#[path = "build/aws.rs"]
mod aws;
#[path = "build/pack.rs"]
mod pack;
#[path = "build/rules.rs"]
mod rules;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    aws::build();
    rules::list();
}
