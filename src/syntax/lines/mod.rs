//! Small line formats: ignore files, requirements, `.env`.
