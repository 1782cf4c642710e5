//! The types of columns, and the few other words that differ between the engines.

use sea_orm_migration::sea_orm::DbBackend;

/// Placeholder, on SQLite (strict tables), on PostgreSQL.
const WORDS: [(&str, &str, &str); 9] = [
    ("{uuid}", "BLOB", "uuid"),
    ("{bytes}", "BLOB", "bytea"),
    ("{instant}", "TEXT", "timestamptz"),
    ("{day}", "TEXT", "date"),
    ("{int}", "INTEGER", "bigint"),
    ("{small}", "INTEGER", "integer"),
    ("{flag}", "INTEGER", "boolean"),
    // Sorted and searched by bytes whatever the database's locale is.
    ("{key}", "TEXT", "text COLLATE \"C\""),
    ("{strict}", " STRICT", ""),
];

/// The statements of `text` for one engine. What stands between `--sqlite` or `--postgres` and `--end` is for that
/// engine only.
pub fn statements(text: &str, backend: DbBackend) -> String {
    let sqlite = backend == DbBackend::Sqlite;
    let mut result = String::with_capacity(text.len());
    let mut wanted = true;
    for line in text.lines() {
        match line.trim() {
            "--sqlite" => wanted = sqlite,
            "--postgres" => wanted = !sqlite,
            "--end" => wanted = true,
            comment if comment.starts_with("--") => {}
            _ if wanted => {
                result.push_str(line);
                result.push('\n');
            }
            _ => {}
        }
    }
    WORDS.iter().fold(result, |text, (placeholder, on_sqlite, on_postgres)| {
        text.replace(placeholder, if sqlite { on_sqlite } else { on_postgres })
    })
}
