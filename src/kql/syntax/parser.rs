//! Tokens to the tree, by recursive descent. One mistake gives one error, and reading goes on at the next `|` or `;`.

use super::lexer::{Kind, Token, lex};
use super::{ColumnDeclaration, Expr, ExprKind, Name, Query};
use crate::kql::error::{KqlError, Span, nearest};
use crate::kql::types::Type;

mod clauses;
mod expressions;
mod literals;
mod operators;
mod pipes;
mod series;
mod statements;
mod tables;

pub use pipes::OPERATORS;

/// How deep expressions may lie in one another, and how many steps of one kind (`a + b + …`, `a.b.c…`) may follow one another: what reads the tree
/// recurses over it.
const DEPTH_MAX: usize = 120;

/// After so many errors the rest of the text is not looked at.
const ERRORS_MAX: usize = 25;

/// Reads a query.
pub fn parse(text: &str) -> (Query, Vec<KqlError>) {
    let (tokens, errors) = lex(text);
    let mut parser = Parser::new(text, tokens, errors);
    let query = parser.query();
    let mut errors = parser.errors;
    errors.sort_by_key(|error| error.span);
    (query, errors)
}

/// What could not be read, and has its error already.
#[derive(Debug)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// How many brackets are open around each token; the brackets themselves lie outside.
    levels: Vec<usize>,
    at: usize,
    errors: Vec<KqlError>,
    /// The token of the last error: what fails there again is the same mistake.
    failed_at: Option<usize>,
    depth: usize,
    /// How many levels the tree has that was read since [`Parser::measured`] began.
    height: usize,
    end: Token,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, tokens: Vec<Token>, errors: Vec<KqlError>) -> Self {
        let end = Token {
            kind: Kind::End,
            span: Span::new(text.len(), text.len()),
        };
        let mut level = 0_usize;
        let levels = tokens
            .iter()
            .map(|token| {
                match (&token.kind, text.get(token.span.start..token.span.end)) {
                    (Kind::Punct, Some("(" | "[" | "{")) => {
                        level += 1;
                        return level - 1;
                    }
                    (Kind::Punct, Some(")" | "]" | "}")) => level = level.saturating_sub(1),
                    _ => {}
                }
                level
            })
            .collect();
        Self {
            text,
            tokens,
            levels,
            at: 0,
            errors,
            failed_at: None,
            depth: 0,
            height: 0,
            end,
        }
    }

    // Tokens.

    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).unwrap_or(&self.end)
    }

    fn bump(&mut self) {
        if self.peek().kind != Kind::End {
            self.at += 1;
        }
    }

    fn text_of(&self, token: &Token) -> &'a str {
        self.text
            .get(token.span.start..token.span.end)
            .unwrap_or("")
    }

    fn level(&self) -> usize {
        self.levels.get(self.at).copied().unwrap_or(0)
    }

    /// The end of the token before this one.
    fn last_end(&self) -> usize {
        self.at
            .checked_sub(1)
            .and_then(|at| self.tokens.get(at))
            .map_or(0, |token| token.span.end)
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(start, self.last_end().max(start))
    }

    fn is_punct_at(&self, ahead: usize, punct: &str) -> bool {
        let token = self.peek_at(ahead);
        token.kind == Kind::Punct && self.text_of(token) == punct
    }

    fn is_punct(&self, punct: &str) -> bool {
        self.is_punct_at(0, punct)
    }

    fn eat(&mut self, punct: &str) -> bool {
        let there = self.is_punct(punct);
        if there {
            self.bump();
        }
        there
    }

    fn expect(&mut self, punct: &str) -> Parsed<()> {
        if self.eat(punct) {
            Ok(())
        } else {
            Err(self.fail(&format!("`{punct}`")))
        }
    }

    /// The word that stands `ahead` tokens further; "" for anything else.
    fn word_at(&self, ahead: usize) -> &'a str {
        let token = self.peek_at(ahead);
        if token.kind == Kind::Word {
            self.text_of(token)
        } else {
            ""
        }
    }

    /// Whether the keyword `word` stands here; `word = …` is a name that is given.
    fn is_word(&self, word: &str) -> bool {
        self.word_at(0) == word && !self.is_punct_at(1, "=")
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let there = self.is_word(word);
        if there {
            self.bump();
        }
        there
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) {
            Ok(())
        } else {
            Err(self.fail(&format!("`{word}`")))
        }
    }

    // Errors.

    /// Says that `expected` should stand here.
    fn fail(&mut self, expected: &str) -> Failed {
        self.fail_near(expected, &[])
    }

    /// The same, and names the nearest of `known`.
    fn fail_near(&mut self, expected: &str, known: &[&str]) -> Failed {
        let token = self.peek().clone();
        let found = match token.kind {
            Kind::End => "the end of the query".to_owned(),
            _ => format!("`{}`", shortened(self.text_of(&token))),
        };
        let mut error = KqlError::syntax(token.span, format!("expected {expected}, found {found}"));
        if token.kind == Kind::Word {
            let written = self.text_of(&token);
            if let Some(near) = nearest(written, known.iter().copied())
                && near != written
            {
                error = error.help(format!("did you mean `{near}`?"));
            }
        }
        self.report(error)
    }

    /// Adds an error, unless the token that stands here has one.
    fn report(&mut self, error: KqlError) -> Failed {
        let known = self.failed_at == Some(self.at) || self.peek().kind == Kind::Bad;
        if !known && self.errors.len() < ERRORS_MAX {
            self.errors.push(error);
        }
        self.failed_at = Some(self.at);
        Failed
    }

    /// Goes on to where the pipe or the statement that began at `level` may go on: `|`, `;`, or the bracket that closes around it.
    fn recover(&mut self, level: usize) {
        if self.is_punct("|") || self.is_punct(";") {
            return;
        }
        while self.peek().kind != Kind::End {
            let here = self.level();
            let closes = self.is_punct(")") || self.is_punct("]") || self.is_punct("}");
            let goes_on = self.is_punct("|") || self.is_punct(";");
            if (goes_on && here <= level) || (closes && here < level) {
                return;
            }
            self.bump();
        }
    }

    // How deep the tree is.

    /// Reads what lies one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= DEPTH_MAX {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let before = std::mem::take(&mut self.height);
        let result = read(self);
        self.height = before.max(self.height + 1);
        self.depth -= 1;
        if self.height > DEPTH_MAX && result.is_ok() {
            return Err(self.too_deep());
        }
        result
    }

    /// Counts a level that was put on top of what was read.
    fn taller(&mut self, levels: usize) -> Parsed<()> {
        self.height += levels;
        if self.height > DEPTH_MAX {
            return Err(self.too_deep());
        }
        Ok(())
    }

    fn too_deep(&mut self) -> Failed {
        let error = KqlError::syntax(
            self.peek().span,
            format!("the query is nested deeper than {DEPTH_MAX} levels here"),
        )
        .help("put a part of it in a let statement");
        self.report(error)
    }

    // Names, types and lists.

    /// A name: a word, or any text in `['…']`. `what` is said when there is none.
    fn name(&mut self, what: &str) -> Parsed<Name> {
        let token = self.peek().clone();
        if token.kind == Kind::Word {
            let text = self.text_of(&token);
            if !text.starts_with('!') && !text.ends_with('~') {
                self.bump();
                return Ok(Name {
                    text: text.to_owned(),
                    span: token.span,
                });
            }
        }
        if self.is_punct("[")
            && let Kind::String(text) = self.peek_at(1).kind.clone()
            && self.is_punct_at(2, "]")
        {
            self.at += 3;
            return Ok(Name {
                text,
                span: self.span_from(token.span.start),
            });
        }
        Err(self.fail(what))
    }

    /// A name in which `*` may stand for any text.
    fn pattern(&mut self, what: &str) -> Parsed<Name> {
        if self.is_punct("[") {
            return self.name(what);
        }
        let start = self.peek().span.start;
        let mut end = start;
        loop {
            let token = self.peek();
            let part = match token.kind {
                Kind::Word | Kind::Number | Kind::Timespan => true,
                Kind::Punct => self.text_of(token) == "*",
                _ => false,
            };
            if !part || (end > start && token.span.start != end) {
                break;
            }
            end = token.span.end;
            self.bump();
        }
        if end == start {
            return Err(self.fail(what));
        }
        Ok(Name {
            text: self.text.get(start..end).unwrap_or("").to_owned(),
            span: Span::new(start, end),
        })
    }

    fn ty(&mut self) -> Parsed<Type> {
        let token = self.peek().clone();
        let named = match token.kind {
            Kind::Word => Type::named(self.text_of(&token)),
            _ => None,
        };
        if let Some(ty) = named {
            self.bump();
            return Ok(ty);
        }
        let known: Vec<&str> = Type::ALL.iter().map(|(_, name, _)| *name).collect();
        Err(self.fail_near("a type, such as string, long or datetime", &known))
    }

    /// `name: type`.
    fn column_declaration(&mut self) -> Parsed<ColumnDeclaration> {
        let name = self.name("the name of a column")?;
        self.expect(":")?;
        let ty = self.ty()?;
        Ok(ColumnDeclaration { name, ty })
    }

    /// `(name: type, …)`.
    fn column_declarations(&mut self) -> Parsed<Vec<ColumnDeclaration>> {
        self.expect("(")?;
        self.until(")", Self::column_declaration)
    }

    /// One or more of what `read` reads, with commas between them.
    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![read(self)?];
        while self.eat(",") {
            items.push(read(self)?);
        }
        Ok(items)
    }

    /// Any number of what `read` reads, with commas between them and maybe one at the end, up to `close`, which is read too.
    fn until<T>(
        &mut self,
        close: &str,
        mut read: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        loop {
            if self.eat(close) {
                return Ok(items);
            }
            items.push(read(self)?);
            if !self.eat(",") && !self.is_punct(close) {
                return Err(self.fail(&format!("`,` or `{close}`")));
            }
        }
    }

    fn missing(&self) -> Expr {
        let at = self.peek().span.start;
        Expr {
            kind: ExprKind::Missing,
            span: Span::new(at, at),
        }
    }
}

/// The first words of a token, for an error.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() <= 30 && line.len() == text.len() {
        return text.to_owned();
    }
    let start: String = line.chars().take(30).collect();
    format!("{start}…")
}
