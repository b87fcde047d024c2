//! Statements by chance, always the same for a seed: expressions, joins, groups, sets, orders and windows over the tables of
//! `assets/schema.sql` and over rows full of NULLs. Where rows have an order, every column is part of it.

use std::fmt::Write as _;

/// What an expression is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Truth,
    Whole,
    Number,
    Float,
    Text,
    Time,
    Day,
    Span,
    Json,
    Texts,
}
use Kind::{Day, Float, Json, Number, Span, Text, Texts, Time, Truth, Whole};

const KINDS: [Kind; 10] = [
    Truth, Whole, Number, Float, Text, Time, Day, Span, Json, Texts,
];

/// What stands in FROM, and its columns with the letters of their kinds.
const TABLES: [(&str, &str); 10] = [
    (
        "(VALUES (1, 'a', 1.50, true, date '2026-01-31'), (2, NULL, NULL, false, NULL), (NULL, 'B', 0.5, NULL, date '2026-02-28'), \
               (2, 'a', 2.25, true, NULL), (-3, '', -1.0, NULL, date '2024-02-29'))",
        "i=w t=t n=n b=p d=d",
    ),
    (
        "users",
        "id=t \"tenantId\"=t email=t roles=a \"createdAt\"=z",
    ),
    (
        "webhook_endpoints",
        "id=t \"tenantId\"=t enabled=p events=a \"failureCount\"=w \"lastDeliveryAt\"=z",
    ),
    (
        "webhook_deliveries",
        "\"endpointId\"=t event=t \"statusCode\"=w \"durationMs\"=n attempt=w error=t payload=j \"createdAt\"=z",
    ),
    (
        "dsar_cases",
        "id=t \"tenantId\"=t status=t \"dueDate\"=d \"createdAt\"=z \"updatedAt\"=z",
    ),
    (
        "feature_flag_audits",
        "flag=t \"oldValue\"=p \"newValue\"=p \"changedBy\"=t rollout=f \"createdAt\"=z",
    ),
    (
        "staff_sessions",
        "staff_user_id=t created_at=z last_seen_at=z user_agent=t revoked_at=z revoked_reason=t",
    ),
    (
        "audit_logs",
        "\"tenantId\"=t \"actorUserId\"=t action=t resource=t metadata=j \"createdAt\"=z",
    ),
    (
        "commerce.audit_entries",
        "actor_id=t org_id=t machine=t metadata=j amount=n tags=a created_at=z",
    ),
    (
        "access_logs",
        "operation_id=t actor_id=t org_id=t mode=t resource_org_id=t scopes=a status=w bytes_out=n occurred_at=z",
    ),
];

/// The columns at hand, by their full names.
type Scope = Vec<(String, Kind)>;

/// A maker of statements.
pub struct Statements {
    state: u64,
    /// Names of tables are numbered, so that none hides another.
    aliases: usize,
}

impl Iterator for Statements {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let made = self.made();
        // The parser takes `IN ((SELECT` for the begin of one query.
        if made.contains("IN ((SELECT") || made.contains("IN (((SELECT") {
            return self.next();
        }
        Some(made)
    }
}

impl Statements {
    /// The statements of a seed.
    pub const fn new(seed: u64) -> Self {
        Self {
            state: seed,
            aliases: 0,
        }
    }

    fn made(&mut self) -> String {
        self.aliases = 0;
        match self.below(20) {
            0..=4 => self.plain(),
            5..=8 => self.grouped(),
            9..=10 => self.set(),
            11 => self.distinct_on(),
            12..=13 => self.windows(),
            14 => self.with(),
            15 => self.lateral(),
            16 => self.update(),
            17 => self.delete(),
            _ => self.values_only(),
        }
    }

    /// SplitMix64.
    fn below(&mut self, count: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count as u64) as usize
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }

    /// One of several forms, which two spaces part.
    fn form<'t>(&mut self, of: &'t str) -> &'t str {
        let all: Vec<&str> = of.split("  ").collect();
        self.one(&all)
    }

    fn chance(&mut self, in_ten: usize) -> bool {
        self.below(10) < in_ten
    }

    fn kind(&mut self) -> Kind {
        KINDS[self.below(KINDS.len())]
    }

    /// A table with an alias: what stands in FROM, and its columns.
    fn table(&mut self, place: usize) -> (String, Scope) {
        self.aliases += 1;
        let alias = format!("q{}", self.aliases);
        let (name, _) = TABLES[place];
        let columns = columns(place);
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let text = match place {
            0 => format!("{name} AS {alias}({})", names.join(", ")),
            _ => format!("{name} AS {alias}"),
        };
        (text, scope(&alias, place))
    }

    fn any_table(&mut self) -> (String, Scope) {
        let place = self.below(TABLES.len());
        self.table(place)
    }

    /// One of the small tables: joins multiply.
    fn small_table(&mut self) -> (String, Scope) {
        let place = self.below(7);
        self.table(place)
    }

    /// A column of a kind, or none.
    fn column(&mut self, kind: Kind, scope: &Scope) -> Option<String> {
        let of_kind: Vec<&String> = scope
            .iter()
            .filter(|(_, its)| *its == kind)
            .map(|(name, _)| name)
            .collect();
        (!of_kind.is_empty()).then(|| of_kind[self.below(of_kind.len())].clone())
    }

    fn leaf(&mut self, kind: Kind, scope: &Scope) -> String {
        if self.chance(7)
            && let Some(column) = self.column(kind, scope)
        {
            return column;
        }
        self.form(match kind {
            Truth => "true  false  NULL::bool",
            Whole => "0  1  2  -3  500  NULL::int  7::bigint  2::smallint",
            Number => "0.5  1.50  -2.25  100.0  NULL::numeric  3.14159  0.00",
            Float => "0.5::float8  1e10::float8  NULL::float8  0.1::float8",
            Text => "'a'  'B'  ''  't-acme'  'usr-007'  NULL::text  'x_y%z'  'Ünï'",
            Time => "now()  timestamptz '2026-01-31 03:12:44.5+00'  NULL::timestamptz",
            Day => "current_date  date '2024-02-29'  NULL::date",
            Span => "interval '1 day'  interval '1 mon 2 days'  interval '90 minutes'  interval '-3 hours'  NULL::interval",
            Json => "'{\"a\": 1, \"b\": [true, null]}'::jsonb  '[1, \"a\"]'::jsonb  'null'::jsonb  NULL::jsonb",
            Texts => "ARRAY['a', 'B', NULL]  '{}'::text[]  NULL::text[]  ARRAY['admin']",
        })
        .to_owned()
    }

    fn expression(&mut self, kind: Kind, depth: usize, scope: &Scope) -> String {
        if depth == 0 || self.chance(2) {
            return self.leaf(kind, scope);
        }
        let depth = depth - 1;
        let forms = match kind {
            Truth => return self.condition(depth, scope),
            Whole => {
                "(@w + @w)  (@w - @w)  (@w * 3)  (@w / 2)  (@w % 5)  -(@w)  abs(@w)  length(@t)  cardinality(@a)  extract(hour FROM @z)::int  \
                (@d - @d)  position('a' IN @t)  array_length(@a, 1)  round(@n)::int  sign(@w)::int  @w::bigint  mod(@w, 3)  ascii(@t)  \
                extract(dow FROM @d)::int"
            }
            Number => {
                "(@n + @n)  (@n - @w)  (@n * 1.5)  (@n / 7)  (@w / 3.0)  round(@n, 1)  trunc(@n)  floor(@n)  ceil(@n)  abs(@n)  @w::numeric  \
                @n::numeric(20,2)  (@n % 0.7)  extract(epoch FROM @s)  -(@n)  round(@n, -1)  sign(@n)  extract(minute FROM @z)"
            }
            Float => {
                "(@f * 2)  (@f + 0.25)  @w::float8  @n::float8  round(@f)  -(@f)  date_part('day', @d)  abs(@f)"
            }
            Text => {
                "(@t || @t)  upper(@t)  lower(@t)  left(@t, 3)  right(@t, @w)  substring(@t FROM 2 FOR 3)  replace(@t, 'a', '-')  \
                split_part(@t, '-', 1)  concat(@t, @w)  @w::text  @n::text  @d::text  (@j ->> 'a')  array_to_string(@a, '+')  trim(@t)  \
                lpad(@t, 5, '*')  md5(@t)  to_char(@z, 'YYYY-MM-DD HH24:MI')  @s::text  @p::text  initcap(@t)  @f::text  (@a)[1]  \
                concat_ws('/', @t, @t)  reverse(@t)  (@t || @w)  regexp_replace(@t, '[aeiou]+', '_', 'g')  jsonb_typeof(@j)  \
                coalesce(@j ->> 'resourceOrgId', @t)  substring(@t FROM '[a-z]+')  @a::text  @j::text  strpos(@t, '-')::text  \
                translate(@t, 'abc', 'xy')  repeat(@t, 2)"
            }
            Time => {
                "(@z + @s)  (@z - @s)  date_trunc('hour', @z)  date_trunc('month', @z)  @d::timestamptz  date_trunc('week', @z)"
            }
            Day => "@z::date  (@d + 1)  (@d - 40)  (@d + @s)::date  date_trunc('month', @d)::date",
            Span => {
                "(@z - @z)  (@s + @s)  (@s * 2)  -(@s)  (@s / 3)  age(@z, @z)  (@d::timestamp - @d)  justify_hours(@s)"
            }
            Json => {
                "(@j -> 'b')  (@j || '{\"x\": 1}')  to_jsonb(@t::text)  jsonb_build_object('k', @w)  to_jsonb(@a)  (@j #> '{b,0}')"
            }
            Texts => {
                "(@a || 'z'::text)  string_to_array(@t, '-')  array_append(@a, @t)  (@a)[1:2]  ARRAY[@t, @t]  array_remove(@a, 'a')"
            }
        };
        let form = if self.chance(2) {
            let own = letter(kind);
            let common = "coalesce(@x, @x)  nullif(@x, @x)  CASE WHEN @p THEN @x ELSE @x END  CASE WHEN @p THEN @x END  greatest(@x, @x)  \
                least(@x, @x)  (SELECT @x)";
            self.form(common).replace("@x", own)
        } else {
            self.form(forms).to_owned()
        };
        self.filled(&form, depth, scope)
    }

    /// A form with expressions in its places.
    fn filled(&mut self, form: &str, depth: usize, scope: &Scope) -> String {
        let mut made = String::new();
        let mut rest = form;
        while let Some((before, after)) = rest.split_once('@') {
            made.push_str(before);
            let kind = KINDS
                .into_iter()
                .find(|kind| after.starts_with(&letter(*kind)[1..]));
            rest = if let Some(kind) = kind {
                made.push_str(&self.expression(kind, depth, scope));
                &after[1..]
            } else {
                made.push('@');
                after
            };
        }
        made + rest
    }

    fn condition(&mut self, depth: usize, scope: &Scope) -> String {
        if self.chance(1) {
            return self.subquery_condition(depth, scope);
        }
        let form = self.form("(@x = @x)  (@x <> @x)  (@x < @x)  (@x >= @x)  (@x IS NULL)  (@x IS NOT NULL)  (@x IS DISTINCT FROM @x)  \
            (@x IS NOT DISTINCT FROM @x)  (@x BETWEEN @x AND @x)  (@x NOT BETWEEN @x AND @x)  (@x IN (@x, @x, NULL))  (@x NOT IN (@x, @x))  \
            (@p AND @p)  (@p OR @p)  (NOT @p)  (@p IS TRUE)  (@p IS NOT FALSE)  (@p IS UNKNOWN)  (@t LIKE 'u%')  (@t NOT LIKE '%\\_y%')  \
            (@t ILIKE '%A%')  (@t ~ '^[a-z]+-')  (@t !~* 'ACME')  (@t = ANY (@a))  (@t <> ALL (@a))  (@a @> ARRAY['admin'])  \
            (@a && ARRAY['a', 'agent'])  (@j ? 'a')  (@j @> '{\"a\": 1}')  (@w > @n)  (@w = @f)  (@d < @z)  (@z > now() - interval '1 day')  \
            ((@x, @t) = (@x, @t))  (@p = @p)  starts_with(@t, 'a')  (@p AND @p AND @p OR @p)  (NOT (@p OR NOT @p))  (@w NOT IN (1, 2, NULL))  \
            (@t IN ('a', 'B'))  (@n IN (1, 0.5, 2))");
        let kind = [Whole, Number, Text, Time, Day, Span, Float, Text][self.below(8)];
        let form = form.replace("@x", letter(kind));
        self.filled(&form, depth, scope)
    }

    /// EXISTS, IN and comparisons with a query that may read what is around it.
    fn subquery_condition(&mut self, depth: usize, scope: &Scope) -> String {
        let (table, own) = self.small_table();
        let both: Scope = own.iter().chain(scope).cloned().collect();
        let kind = [Whole, Text, Number, Text][self.below(4)];
        let value = self.expression(kind, 1, &own);
        let condition = self.condition(depth.min(1), &both);
        let left = self.expression(kind, depth, scope);
        let form = self.form("EXISTS (SELECT 1 FROM @f WHERE @c)  NOT EXISTS (SELECT FROM @f WHERE @c)  (@l IN (SELECT @v FROM @f WHERE @c))  \
            (@l NOT IN (SELECT @v FROM @f))  (@l NOT IN (SELECT @v FROM @f WHERE @v IS NOT NULL))  (@l = (SELECT max(@v) FROM @f WHERE @c))  \
            (@l >= ALL (SELECT @v FROM @f WHERE @c))  ((SELECT count(*) FROM @f WHERE @c) > 2)");
        form.replace("@f", &table)
            .replace("@c", &condition)
            .replace("@l", &left)
            .replace("@v", &value)
    }

    /// FROM with up to three tables.
    fn from(&mut self) -> (String, Scope) {
        let joins = self.below(3);
        if joins == 0 {
            return self.any_table();
        }
        let (mut text, mut scope) = self.small_table();
        for _ in 0..joins {
            // A second product would be large.
            let (table, more) = if joins == 2 {
                self.table(0)
            } else {
                self.small_table()
            };
            let kind =
                self.form("JOIN  LEFT JOIN  RIGHT JOIN  FULL JOIN  CROSS JOIN  LEFT JOIN  ,");
            let left = scope.clone();
            scope.extend(more.clone());
            if matches!(kind, "CROSS JOIN" | ",") {
                let _ = write!(text, "{}{kind} {table}", if kind == "," { "" } else { " " });
                if kind == "," {
                    // What stands before a comma is not seen by a later ON.
                    return (text, scope);
                }
                continue;
            }
            let of = [Text, Whole, Text, Truth][self.below(4)];
            let mut on = format!("{} = {}", self.leaf(of, &left), self.leaf(of, &more));
            if kind != "FULL JOIN" && self.chance(5) {
                let more = self.condition(1, &scope);
                on = format!("{on} {} {more}", self.one(&["AND", "AND", "OR"]));
            }
            let _ = write!(text, " {kind} {table} ON {on}");
        }
        (text, scope)
    }

    fn filter(&mut self, scope: &Scope) -> String {
        if self.chance(4) {
            format!(" WHERE {}", self.condition(2, scope))
        } else {
            String::new()
        }
    }

    /// An order by every column of the list, and perhaps a part of the rows.
    fn tail(&mut self, columns: usize) -> String {
        let first = self.below(columns);
        let keys: Vec<String> = (0..columns)
            .map(|index| {
                let place = (first + index) % columns + 1;
                format!(
                    "{place}{}",
                    self.one(&["", " DESC", " ASC", " NULLS FIRST", " DESC NULLS LAST"])
                )
            })
            .collect();
        let mut tail = format!(" ORDER BY {}", keys.join(", "));
        if self.chance(4) {
            tail += self.one(&[
                " LIMIT 3",
                " LIMIT 5 OFFSET 1",
                " OFFSET 1",
                " LIMIT NULL",
                " LIMIT 0",
                " OFFSET NULL LIMIT 2",
            ]);
        }
        tail
    }

    /// So many values of the kinds, with names.
    fn list(&mut self, kinds: &[Kind], scope: &Scope) -> String {
        let values: Vec<String> = kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| format!("{} AS c{index}", self.expression(*kind, 2, scope)))
            .collect();
        values.join(", ")
    }

    fn kinds(&mut self) -> Vec<Kind> {
        (0..=self.below(3)).map(|_| self.kind()).collect()
    }

    fn plain(&mut self) -> String {
        let (from, scope) = self.from();
        let kinds = self.kinds();
        let distinct = if self.chance(3) { "DISTINCT " } else { "" };
        let list = self.list(&kinds, &scope);
        let filter = self.filter(&scope);
        let tail = if self.chance(5) {
            self.tail(kinds.len())
        } else {
            String::new()
        };
        format!("SELECT {distinct}{list} FROM {from}{filter}{tail}")
    }

    fn values_only(&mut self) -> String {
        let kinds = self.kinds();
        let (from, scope) = self.table(0);
        let list = self.list(&kinds, &scope);
        let filter = self.filter(&scope);
        format!(
            "SELECT {list} FROM {from}{filter}{}",
            self.tail(kinds.len())
        )
    }

    fn aggregate(&mut self, scope: &Scope) -> String {
        let form = self.form("count(*)  count(@t)  count(DISTINCT @t)  count(DISTINCT @w)  sum(@w)  sum(@n)  avg(@w)  avg(@n)  min(@t)  max(@z)  min(@d)  \
            max(@n)  min(@f)  bool_and(@p)  bool_or(@p)  string_agg(@c, ',' ORDER BY @c)  string_agg(DISTINCT @c, '|')  \
            array_agg(@c ORDER BY @c DESC)  array_agg(DISTINCT @c)  jsonb_agg(@c ORDER BY @c NULLS FIRST)  sum(@s)  max(@s)  min(@a)  \
            percentile_disc(0.5) WITHIN GROUP (ORDER BY @w)  percentile_cont(0.25) WITHIN GROUP (ORDER BY @w)  \
            mode() WITHIN GROUP (ORDER BY @t)  max(@w) - min(@w)  round(avg(@n), 2)  coalesce(sum(@w), 0)  sum(DISTINCT @w)");
        // The same text in both places, since what is ordered by is what is shown.
        let shown = self.expression(Text, 1, scope);
        let filled = self
            .filled(&form.replace("@c", "\u{1}"), 1, scope)
            .replace('\u{1}', &shown);
        let plain = !filled.contains(" - ")
            && filled.ends_with(')')
            && !filled.starts_with("round")
            && !filled.starts_with("coalesce");
        if plain && self.chance(2) {
            return format!("{filled} FILTER (WHERE {})", self.condition(1, scope));
        }
        filled
    }

    fn grouped(&mut self) -> String {
        let (from, scope) = self.from();
        let keys: Vec<String> = (0..self.below(3))
            .map(|_| {
                let kind = [Text, Whole, Truth, Day, Text, Number][self.below(6)];
                // A key must read a column, or a bare number would be a position.
                self.column(kind, &scope)
                    .unwrap_or_else(|| scope[0].0.clone())
            })
            .collect();
        let mut outputs: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(index, key)| format!("{key} AS k{index}"))
            .collect();
        for index in 0..=self.below(2) {
            outputs.push(format!("{} AS g{index}", self.aggregate(&scope)));
        }
        let names: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(index, key)| match self.below(3) {
                0 => (index + 1).to_string(),
                1 => format!("k{index}"),
                _ => key.clone(),
            })
            .collect();
        let filter = self.filter(&scope);
        let group = if names.is_empty() {
            String::new()
        } else {
            format!(" GROUP BY {}", names.join(", "))
        };
        let having = if self.chance(3) {
            format!(
                " HAVING {}",
                self.form("count(*) > 1  max(1) IS NOT NULL  NOT bool_or(false)  count(*) BETWEEN 2 AND 40")
            )
        } else {
            String::new()
        };
        let tail = self.tail(outputs.len());
        format!(
            "SELECT {} FROM {from}{filter}{group}{having}{tail}",
            outputs.join(", ")
        )
    }

    fn set(&mut self) -> String {
        let kinds = self.kinds();
        let mut text = String::new();
        for index in 0..2 + self.below(2) {
            if index > 0 {
                text += self.one(&[
                    " UNION ",
                    " UNION ALL ",
                    " INTERSECT ",
                    " INTERSECT ALL ",
                    " EXCEPT ",
                    " EXCEPT ALL ",
                ]);
            }
            let (from, scope) = self.any_table();
            let list = self.list(&kinds, &scope);
            let filter = self.filter(&scope);
            let _ = write!(text, "SELECT {list} FROM {from}{filter}");
        }
        text + &self.tail(kinds.len())
    }

    fn distinct_on(&mut self) -> String {
        let (from, scope) = self.from();
        let kinds = self.kinds();
        let list = self.list(&kinds, &scope);
        let filter = self.filter(&scope);
        let rest: Vec<String> = (1..=kinds.len()).map(|place| place.to_string()).collect();
        format!(
            "SELECT DISTINCT ON (c0) {list} FROM {from}{filter} ORDER BY {}",
            rest.join(", ")
        )
    }

    fn windows(&mut self) -> String {
        let (from, scope) = self.any_table();
        let partition = self.expression(Text, 1, &scope);
        let order: Vec<&str> = scope
            .iter()
            .filter(|(_, kind)| *kind != Json)
            .map(|(name, _)| name.as_str())
            .collect();
        let kind = [Whole, Text, Time][self.below(3)];
        let first = self.expression(kind, 1, &scope);
        let form = self.form("row_number() OVER (PARTITION BY @q ORDER BY @r)  rank() OVER (ORDER BY @k DESC)  dense_rank() OVER (PARTITION BY @q ORDER BY @k)  \
            lag(@t) OVER (PARTITION BY @q ORDER BY @r)  lead(@w, 2, 0) OVER (ORDER BY @r)  sum(@w) OVER (PARTITION BY @q ORDER BY @k)  \
            count(*) OVER (PARTITION BY @q)  first_value(@t) OVER (ORDER BY @r)  \
            last_value(@w) OVER (PARTITION BY @q ORDER BY @r ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING)  \
            avg(@n) OVER (ORDER BY @r ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)  ntile(3) OVER (ORDER BY @r)  \
            max(@w) FILTER (WHERE @p) OVER (PARTITION BY @q)  count(@t) OVER (ORDER BY @k RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)");
        let form = form
            .replace("@q", &partition)
            .replace("@r", &order.join(", "))
            .replace("@k", &first);
        let value = self.filled(&form, 1, &scope);
        let filter = self.filter(&scope);
        let shown = self.leaf(Text, &scope);
        format!(
            "SELECT {shown} AS c0, {value} AS c1 FROM {from}{filter}{}",
            self.tail(2)
        )
    }

    fn with(&mut self) -> String {
        let (from, scope) = self.from();
        let kinds = self.kinds();
        let list = self.list(&kinds, &scope);
        let filter = self.filter(&scope);
        let own: Scope = kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| (format!("w.c{index}"), *kind))
            .collect();
        let outer = self.kinds();
        let shown = self.list(&outer, &own);
        let condition = self.filter(&own);
        format!(
            "WITH w AS (SELECT {list} FROM {from}{filter}) SELECT {shown} FROM w{condition}{}",
            self.tail(outer.len())
        )
    }

    fn lateral(&mut self) -> String {
        let (from, scope) = self.small_table();
        let (inner, own) = self.small_table();
        let both: Scope = own.iter().chain(&scope).cloned().collect();
        let condition = self.condition(1, &both);
        let value = self.expression(Text, 1, &both);
        let join = self.one(&[
            ", LATERAL @l",
            " LEFT JOIN LATERAL @l ON true",
            " JOIN LATERAL @l ON z.v IS NOT NULL",
        ]);
        let lateral =
            format!("(SELECT {value} AS v FROM {inner} WHERE {condition} ORDER BY 1 LIMIT 2) AS z");
        let joined = join.replace("@l", &lateral);
        let shown = self.leaf(Text, &scope);
        format!(
            "SELECT {shown} AS c0, z.v AS c1 FROM {from}{joined}{}",
            self.tail(2)
        )
    }

    fn update(&mut self) -> String {
        let scope: Scope = vec![
            ("s.staff_user_id".to_owned(), Text),
            ("s.revoked_reason".to_owned(), Text),
            ("s.revoked_at".to_owned(), Time),
            ("s.last_seen_at".to_owned(), Time),
        ];
        let reason = self.expression(Text, 2, &scope);
        let at = self.expression(Time, 1, &scope);
        let filter = self.filter(&scope);
        format!(
            "UPDATE staff_sessions AS s SET revoked_reason = {reason}, revoked_at = {at}{filter} RETURNING s.id, revoked_reason, revoked_at"
        )
    }

    fn delete(&mut self) -> String {
        let (other, more) = self.table(1);
        let mut scope = scope("d", 4);
        let using = if self.chance(5) {
            scope.extend(more);
            format!(" USING {other}")
        } else {
            String::new()
        };
        let condition = self.condition(2, &scope);
        format!("DELETE FROM dsar_cases AS d{using} WHERE {condition} RETURNING d.id, d.status")
    }
}

/// The names and kinds of a table's columns.
fn columns(place: usize) -> Vec<(&'static str, Kind)> {
    let columns = TABLES[place].1.split(' ');
    columns
        .map(|column| {
            let (name, mark) = column.split_once('=').unwrap();
            let kind = KINDS.into_iter().find(|kind| &letter(*kind)[1..] == mark);
            (name, kind.unwrap())
        })
        .collect()
}

/// The columns of a table under a name.
fn scope(alias: &str, place: usize) -> Scope {
    let columns = columns(place).into_iter();
    columns
        .map(|(name, kind)| (format!("{alias}.{name}"), kind))
        .collect()
}

/// How a form marks the place of a kind.
const fn letter(kind: Kind) -> &'static str {
    match kind {
        Truth => "@p",
        Whole => "@w",
        Number => "@n",
        Float => "@f",
        Text => "@t",
        Time => "@z",
        Day => "@d",
        Span => "@s",
        Json => "@j",
        Texts => "@a",
    }
}
