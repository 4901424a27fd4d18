//! How PostgreSQL keeps batches and counts them: tables, triggers, scripts for `psql`.
//!
//! In: batches. Out: SQL. In every layout one COPY is one transaction: the rows of a batch, and by
//! a trigger over exactly these rows their votes in the totals. Never: raw rows without their
//! totals, or a second copy of the rows to count them from.

use std::io::{self, Write};

use crate::peers::stream::batches::{Batch, Batches};

/// What a row of `raw` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Choice,
    Ballot,
    Batch,
}

impl Layout {
    pub(crate) const ALL: [Self; 3] = [Self::Choice, Self::Ballot, Self::Batch];

    /// For the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Choice => "a row per choice, int2",
            Self::Ballot => "a row per ballot, int2[]",
            Self::Batch => "a row per batch, int2[]",
        }
    }

    fn columns(self) -> &'static str {
        match self {
            // In this order, for a column of four bytes is aligned: rows of 36 bytes.
            Self::Choice => "batch int4 NOT NULL, ballot int2 NOT NULL, option int2 NOT NULL",
            Self::Ballot => "batch int4 NOT NULL, ballot int2 NOT NULL, options int2[] NOT NULL",
            Self::Batch => "batch int4 NOT NULL, lengths int2[] NOT NULL, options int2[] NOT NULL",
        }
    }

    /// `batch, option` of some rows.
    fn choices(self, rows: &str) -> String {
        match self {
            Self::Choice => format!("SELECT batch, option FROM {rows}"),
            Self::Ballot | Self::Batch => {
                format!("SELECT batch, unnest(options) AS option FROM {rows}")
            }
        }
    }

    /// Rows that `raw` must have in the end.
    pub(crate) fn rows(self, batches: &Batches) -> u64 {
        match self {
            Self::Choice => batches.choices(),
            Self::Ballot => batches.ballots(),
            Self::Batch => batches.len() as u64,
        }
    }

    /// Empty tables. The batches that will come are known, as the stations of an election are.
    pub(crate) fn tables(self, batches: &Batches) -> String {
        let (columns, choices) = (self.columns(), self.choices("new_rows"));
        // Each connection has totals of its own: nobody waits for the commit of another. Rows are
        // updated in place where their page has room.
        let mut sql = format!(
            "SET client_min_messages = warning;\n\
             DROP SCHEMA public CASCADE;\n\
             CREATE SCHEMA public;\n\
             CREATE TABLE expected (batch int4 PRIMARY KEY, district int2 NOT NULL);\n\
             CREATE TABLE totals (votes int8 NOT NULL, connection int2, district int2,\n\
             \x20 option int2, PRIMARY KEY (connection, district, option)) WITH (fillfactor = 50);\n\
             CREATE TABLE raw ({columns});\n\
             CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n\
             INSERT INTO totals SELECT count(*), current_setting('peer.connection')::int2,\n\
             \x20 (SELECT district FROM expected WHERE batch = (SELECT batch FROM new_rows LIMIT 1)),\n\
             \x20 option FROM ({choices}) AS choices GROUP BY option ORDER BY option\n\
             ON CONFLICT (connection, district, option)\n\
             DO UPDATE SET votes = totals.votes + excluded.votes;\n\
             RETURN NULL; END $$;\n\
             CREATE TRIGGER count_rows AFTER INSERT ON raw REFERENCING NEW TABLE AS new_rows\n\
             FOR EACH STATEMENT EXECUTE FUNCTION count_rows();\n"
        );
        if self == Self::Batch {
            // To compress two-byte numbers takes longer than to write them.
            sql += "ALTER TABLE raw ALTER lengths SET STORAGE EXTERNAL;\n\
                    ALTER TABLE raw ALTER options SET STORAGE EXTERNAL;\n";
        }
        sql += "COPY expected FROM STDIN;\n";
        for (number, batch) in batches.iter().enumerate() {
            sql += &format!("{number}\t{}\n", batch.district);
        }
        sql + "\\.\nANALYZE expected;\nCHECKPOINT;\n"
    }

    /// District, option, votes: once from the totals, once from the raw rows.
    pub(crate) fn queries(self) -> [String; 2] {
        let choices = self.choices("raw");
        [
            "SELECT district, option, sum(votes) FROM totals GROUP BY 1, 2;\n".to_owned(),
            format!(
                "SELECT district, option, count(*) FROM ({choices}) AS choices \
                 JOIN expected USING (batch) GROUP BY 1, 2;\n"
            ),
        ]
    }

    /// What one of so many connections sends: every so-manieth batch.
    pub(crate) fn script(
        self,
        out: &mut impl Write,
        batches: &Batches,
        connection: usize,
        connections: usize,
        commit_delay_us: u32,
    ) -> io::Result<()> {
        writeln!(
            out,
            "SET peer.connection = {connection};\nSET commit_delay = {commit_delay_us};"
        )?;
        let own = batches.iter().enumerate().skip(connection).step_by(connections);
        for (number, batch) in own {
            writeln!(out, "COPY raw FROM STDIN;")?;
            self.copy(out, number, batch)?;
            writeln!(out, "\\.")?;
        }
        Ok(())
    }

    fn copy(self, out: &mut impl Write, number: usize, batch: &Batch) -> io::Result<()> {
        match self {
            Self::Choice => {
                for (place, ballot) in batch.ballots().enumerate() {
                    for option in ballot {
                        writeln!(out, "{number}\t{place}\t{option}")?;
                    }
                }
            }
            Self::Ballot => {
                for (place, ballot) in batch.ballots().enumerate() {
                    write!(out, "{number}\t{place}\t")?;
                    array(out, ballot.iter())?;
                    writeln!(out)?;
                }
            }
            Self::Batch => {
                write!(out, "{number}\t")?;
                array(out, batch.ballots().map(<[i16]>::len))?;
                write!(out, "\t")?;
                array(out, batch.ballots().flatten())?;
                writeln!(out)?;
            }
        }
        Ok(())
    }
}

fn array<T: std::fmt::Display>(
    out: &mut impl Write,
    numbers: impl Iterator<Item = T>,
) -> io::Result<()> {
    let mut before = "{";
    for number in numbers {
        write!(out, "{before}{number}")?;
        before = ",";
    }
    write!(out, "}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::stream::batches::tests::batches;

    fn script(layout: Layout, connection: usize, connections: usize) -> String {
        let mut out = Vec::new();
        layout.script(&mut out, &batches(), connection, connections, 500).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn script_has_one_copy_for_each_batch() {
        let head = "SET peer.connection = 1;\nSET commit_delay = 500;\nCOPY raw FROM STDIN;\n";
        assert_eq!(script(Layout::Choice, 1, 2), format!("{head}1\t0\t1\n\\.\n"));
        let all = |layout| script(layout, 0, 1).split_off(head.len());
        assert!(all(Layout::Choice).starts_with("0\t0\t2\n0\t0\t3\n0\t1\t0\n\\.\nCOPY raw"));
        assert!(all(Layout::Ballot).ends_with("2\t0\t{3,-1,2}\n2\t1\t{1}\n\\.\n"));
        assert!(all(Layout::Batch).starts_with("0\t{2,1}\t{2,3,0}\n\\.\nCOPY raw"));
    }

    #[test]
    fn every_batch_is_sent_by_one_connection() {
        for layout in Layout::ALL {
            let copies = |connections: usize| -> usize {
                let scripts = (0..connections).map(|one| script(layout, one, connections));
                scripts.map(|script| script.matches("COPY raw").count()).sum()
            };
            assert!((1..6).all(|connections| copies(connections) == 3));
        }
    }

    #[test]
    fn tables_know_the_district_of_every_batch() {
        let sql = Layout::Batch.tables(&batches());
        assert!(sql.contains("COPY expected FROM STDIN;\n0\t0\n1\t1\n2\t0\n\\.\n"), "{sql}");
        assert_eq!(Layout::ALL.map(|layout| layout.rows(&batches())), [8, 5, 3]);
    }
}
