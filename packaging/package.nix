# `nix-build -E 'with import <nixpkgs> {}; callPackage ./packaging/package.nix {}'` builds what the repository holds.
# The lock file of the repository pins every package with its sum, so no other hash is needed.
{ lib, rustPlatform, installShellFiles }:

rustPlatform.buildRustPackage {
  pname = "secure-lint";
  version = (lib.importTOML ../Cargo.toml).package.version;
  src = lib.cleanSource ./..;
  cargoLock.lockFile = ../Cargo.lock;
  nativeBuildInputs = [ installShellFiles ];
  # The tests run programs and git; `cargo test` is where they belong.
  doCheck = false;

  postInstall = ''
    for shell in bash zsh fish; do
      $out/bin/secure-lint completions $shell > secure-lint.$shell
    done
    installShellCompletion secure-lint.{bash,zsh,fish}
    $out/bin/secure-lint man > secure-lint.1
    installManPage secure-lint.1
  '';

  meta = {
    description = "Finds the ways from the internet or a pull request to your AWS data";
    homepage = "https://github.com/secure-lint/secure-lint";
    license = with lib.licenses; [ mit asl20 ];
    mainProgram = "secure-lint";
  };
}
