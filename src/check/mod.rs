//! Conditions times entities: findings.
