//! What is known of AWS and GitHub without asking them: actions, managed policies, ways of escalation, schemas and
//! lists kept by hand.
//! The tables are text in `data/`, packed when the program is built and decoded per service when somebody asks. Nothing
//! here judges; three-valued questions are asked in `facts`.

pub mod actions;
pub mod credentials;
pub mod github;
pub mod images;
pub mod lists;
pub mod managed;
pub mod modules;
pub mod needs;
mod pack;
pub mod paths;
pub mod secrets;
pub mod support;

#[cfg(test)]
mod tests {
    /// What the program carries of AWS: packed tables, and the lists that stay text.
    #[test]
    fn the_tables_of_aws_stay_small() {
        let packed = [super::actions::PACKED.len(), super::managed::PACKED.len()];
        let lists = [super::lists::TEXT.len(), super::needs::TEXT.len(), super::paths::TEXT.len()];
        let total: usize = packed.iter().chain(&lists).sum();
        assert!(total <= 1_500_000, "{packed:?} packed, {lists:?} as text: {total} bytes, at most 1.5 MB");
    }
}
