# Homebrew formula: `brew install --HEAD ./packaging/secure-lint.rb` builds what the repository holds.
class SecureLint < Formula
  desc "Finds the ways from the internet or a pull request to your AWS data"
  homepage "https://github.com/secure-lint/secure-lint"
  license any_of: ["MIT", "Apache-2.0"]
  head "https://github.com/secure-lint/secure-lint.git", branch: "main"

  depends_on "rust" => :build

  def install
    system "cargo", "install", *std_cargo_args
    generate_completions_from_executable(bin/"secure-lint", "completions")
    (man1/"secure-lint.1").write Utils.safe_popen_read(bin/"secure-lint", "man")
  end

  test do
    (testpath/"task.json").write <<~JSON
      {"family": "app", "containerDefinitions": [{"name": "agent", "privileged": true, "image": "a:1"}]}
    JSON
    assert_match "privileged-container", shell_output("#{bin}/secure-lint --format concise", 1)
  end
end
