//! The schema as it really is in a database, as text that is the same for the same schema.

use crate::database::Store;
use crate::error::Result;
use crate::row::Columns;

const SQLITE: &str = "SELECT sql || ';' FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' \
    ESCAPE '\\' AND tbl_name <> 'seaql_migrations' \
    ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, tbl_name, name";

/// Tables with columns and constraints, then indexes that no constraint made, functions, triggers.
const POSTGRES: &str = "
WITH tables AS (
    SELECT c.oid, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname = current_schema() AND c.relname <> 'seaql_migrations'
), parts AS (
    SELECT t.oid, 1 AS kind, a.attnum::bigint AS place, a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
        || CASE WHEN a.attcollation <> 0 AND a.attcollation <> y.typcollation
            THEN ' COLLATE ' || quote_ident(o.collname) ELSE '' END
        || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
        || COALESCE(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') AS text
    FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type y ON y.oid = a.atttypid LEFT JOIN pg_collation o ON o.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
    UNION ALL
    SELECT t.oid, 2, row_number() OVER (PARTITION BY t.oid ORDER BY k.contype DESC, k.conname),
        'CONSTRAINT ' || quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
    FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype <> 'n'
), lines AS (
    SELECT 1 AS kind, t.relname AS name, 'CREATE TABLE ' || quote_ident(t.relname) || E' (\\n    '
        || string_agg(p.text, E',\\n    ' ORDER BY p.kind, p.place) || E'\\n);' AS text
    FROM tables t JOIN parts p ON p.oid = t.oid GROUP BY t.relname
    UNION ALL
    SELECT 2, t.relname || '.' || i.relname, replace(pg_get_indexdef(x.indexrelid),
        ' ON ' || quote_ident(current_schema()) || '.', ' ON ') || ';'
    FROM tables t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
    WHERE NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT 3, p.proname, 'CREATE FUNCTION ' || quote_ident(p.proname) || '() RETURNS '
        || format_type(p.prorettype, NULL) || ' AS $$' || p.prosrc || '$$;'
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = current_schema()
    UNION ALL
    SELECT 4, t.relname || '.' || g.tgname, replace(replace(pg_get_triggerdef(g.oid),
        ' ON ' || quote_ident(current_schema()) || '.', ' ON '),
        'FUNCTION ' || quote_ident(current_schema()) || '.', 'FUNCTION ') || ';'
    FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
)
SELECT text FROM lines ORDER BY kind, name COLLATE \"C\"";

impl Store {
    /// The statements that would make the schema of this database, sorted; without the record of migrations.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn schema_dump(&self) -> Result<String> {
        let text = if self.read().is_postgres() { POSTGRES } else { SQLITE };
        let mut dump = String::new();
        for row in self.read().all(text, Vec::new()).await? {
            dump.push_str(&Columns::of(&row).take::<String>()?);
            dump.push_str("\n\n");
        }
        Ok(format!("{}\n", dump.trim_end()))
    }
}
