//! Packs what ships inside the binary. Each part stands in its own module of `build/`.

#[path = "build/aws.rs"]
mod aws;
#[path = "build/files.rs"]
mod files;
#[path = "build/pack.rs"]
mod pack;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    aws::build();
    files::list("rules", ".md", "rules.rs");
    files::list("data/modules", ".tf", "modules.rs");
}
