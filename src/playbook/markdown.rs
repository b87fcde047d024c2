//! Markdown events as a tree of blocks with their places in the file.
//!
//! Attribute comments are attached to the heading or list item above them here, so that later stages see one thing.
//! Knows nothing of phases, steps or actions.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::attributes;
use crate::model::prose::Inline;

/// Containers inside containers; deeper ones are read as if they were not there. A file of a million `>` is no stack.
const MAX_NESTING: usize = 24;

/// A block and where it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// The kinds of blocks.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockKind {
    /// A heading.
    Heading(Heading),
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list.
    List {
        /// First number of a numbered list.
        start: Option<u64>,
        /// Its items.
        items: Vec<Item>,
    },
    /// A quotation.
    Quote(Vec<Block>),
    /// A fenced or indented code block.
    Fence(Fence),
    /// A table.
    Table(Table),
    /// An attribute comment with nothing above it to belong to.
    StrayAttributes(Range<usize>),
    /// HTML, shown as text.
    Html(String),
    /// A horizontal rule.
    Rule,
}

/// A heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// Its text.
    pub inlines: Vec<Inline>,
    /// Where its attributes stand, between the braces.
    pub attributes: Option<Range<usize>>,
}

/// A list item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// `Some(done)` for a task.
    pub task: Option<bool>,
    /// Its blocks, the first line as a paragraph.
    pub blocks: Vec<Block>,
    /// Where its attributes stand, between the braces.
    pub attributes: Option<Range<usize>>,
    /// Bytes of the file.
    pub span: Range<usize>,
}

/// A code block.
#[derive(Debug, Clone, PartialEq)]
pub struct Fence {
    /// The info string in the file; empty for an indented block.
    pub info: Range<usize>,
    /// False for an indented block.
    pub fenced: bool,
    /// The text without the fence and without the indentation of a list.
    pub text: String,
    /// Where the text stands.
    pub text_span: Range<usize>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Header cells.
    pub head: Vec<Vec<Inline>>,
    /// Rows with their places.
    pub rows: Vec<(Vec<Vec<Inline>>, Range<usize>)>,
}

/// Reads `text[from..]` into blocks; spans count from the start of `text`.
pub fn blocks(text: &str, from: usize) -> Vec<Block> {
    let body = text.get(from..).unwrap_or_default();
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let mut reader = Reader {
        text,
        frames: vec![Frame::new(Container::Root, from..from)],
        skipped: 0,
        inlines: None,
        style: Style::default(),
        fence: None,
        html: None,
        table: None,
    };
    for (event, range) in Parser::new_ext(body, options).into_offset_iter() {
        reader.event(event, range.start + from..range.end + from);
    }
    reader.finish()
}

struct Reader<'a> {
    text: &'a str,
    frames: Vec<Frame>,
    /// Containers below [`MAX_NESTING`] that are open and ignored.
    skipped: usize,
    inlines: Option<Sink>,
    style: Style,
    fence: Option<Fence>,
    html: Option<String>,
    table: Option<Table>,
}

/// An open container with what was read into it.
struct Frame {
    container: Container,
    blocks: Vec<Block>,
    items: Vec<Item>,
    span: Range<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Container {
    Root,
    Quote,
    List(Option<u64>),
    Item(Option<bool>),
}

/// Text on its way into a paragraph, heading or cell.
struct Sink {
    inlines: Vec<Inline>,
    attributes: Option<Range<usize>>,
    span: Range<usize>,
    /// A tight list item has no paragraph events; its text ends with the next block.
    implicit: bool,
}

#[derive(Default)]
struct Style {
    strong: usize,
    emphasis: usize,
    links: Vec<String>,
}

impl Frame {
    fn new(container: Container, span: Range<usize>) -> Self {
        Self {
            container,
            blocks: Vec::new(),
            items: Vec::new(),
            span,
        }
    }
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, span: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, span),
            Event::End(tag) => self.end(tag, span),
            Event::Text(text) => {
                if let Some(fence) = &mut self.fence {
                    if fence.text.is_empty() {
                        fence.text_span.start = span.start;
                    }
                    fence.text_span.end = span.end;
                    fence.text.push_str(&text);
                } else if let Some(html) = &mut self.html {
                    html.push_str(&text);
                } else {
                    self.push_text(&text, false, span);
                }
            }
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.push_text(&text, true, span);
            }
            Event::Html(text) => match &mut self.html {
                Some(html) => html.push_str(&text),
                None => self.push_text(&text, false, span),
            },
            Event::InlineHtml(text) => match comment(&text) {
                Some(_) => {
                    let attributes = self.attribute_span(&span);
                    if let Some(sink) = &mut self.inlines {
                        sink.attributes = sink.attributes.take().or(attributes);
                    }
                }
                None => self.push_text(&text, false, span),
            },
            Event::FootnoteReference(text) => self.push_text(&text, false, span),
            Event::SoftBreak => self.push_text(" ", false, span),
            Event::HardBreak => self.push_text("\n", false, span),
            Event::Rule => self.push_block(BlockKind::Rule, span),
            Event::TaskListMarker(done) => {
                if let Some(Frame {
                    container: Container::Item(task),
                    ..
                }) = self.frames.last_mut()
                {
                    *task = Some(done);
                }
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, span: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } | Tag::TableCell => {
                self.flush_implicit();
                self.inlines = Some(Sink {
                    inlines: Vec::new(),
                    attributes: None,
                    span,
                    implicit: false,
                });
            }
            Tag::BlockQuote(_) => self.open(Container::Quote, span),
            Tag::List(start) => self.open(Container::List(start), span),
            Tag::Item => self.open(Container::Item(None), span),
            Tag::CodeBlock(kind) => {
                self.flush_implicit();
                let fenced = matches!(kind, CodeBlockKind::Fenced(_));
                let info = if fenced {
                    self.info_span(&span)
                } else {
                    span.start..span.start
                };
                self.fence = Some(Fence {
                    text_span: info.end..info.end,
                    info,
                    fenced,
                    text: String::new(),
                });
            }
            Tag::HtmlBlock => {
                self.flush_implicit();
                self.html = Some(String::new());
            }
            Tag::Table(_) => {
                self.flush_implicit();
                self.table = Some(Table::default());
            }
            Tag::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push((Vec::new(), span));
                }
            }
            Tag::Emphasis => self.style.emphasis += 1,
            Tag::Strong => self.style.strong += 1,
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.style.links.push(dest_url.into_string());
            }
            // Their text is read; the other tags need options that are off.
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, span: Range<usize>) {
        match tag {
            TagEnd::Paragraph => {
                if let Some(sink) = self.inlines.take() {
                    self.push_paragraph(sink);
                }
            }
            TagEnd::Heading(level) => {
                if let Some(sink) = self.inlines.take() {
                    let heading = self.heading(level as u8, sink, &span);
                    self.push_block(BlockKind::Heading(heading), span);
                }
            }
            TagEnd::TableCell => {
                if let (Some(sink), Some(table)) = (self.inlines.take(), &mut self.table) {
                    match table.rows.last_mut() {
                        Some((cells, _)) => cells.push(sink.inlines),
                        None => table.head.push(sink.inlines),
                    }
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.push_block(BlockKind::Table(table), span);
                }
            }
            TagEnd::CodeBlock => {
                if let Some(fence) = self.fence.take() {
                    self.push_block(BlockKind::Fence(fence), span);
                }
            }
            TagEnd::HtmlBlock => {
                if let Some(html) = self.html.take() {
                    self.push_html(html, span);
                }
            }
            TagEnd::BlockQuote(_) | TagEnd::List(_) | TagEnd::Item => self.close(span),
            TagEnd::Emphasis => self.style.emphasis = self.style.emphasis.saturating_sub(1),
            TagEnd::Strong => self.style.strong = self.style.strong.saturating_sub(1),
            TagEnd::Link | TagEnd::Image => {
                self.style.links.pop();
            }
            _ => {}
        }
    }

    fn open(&mut self, container: Container, span: Range<usize>) {
        self.flush_implicit();
        if self.frames.len() > MAX_NESTING {
            self.skipped += 1;
        } else {
            self.frames.push(Frame::new(container, span));
        }
    }

    fn close(&mut self, span: Range<usize>) {
        self.flush_implicit();
        if self.skipped > 0 {
            self.skipped -= 1;
            return;
        }
        let Some(frame) = self.frames.pop() else {
            return;
        };
        match frame.container {
            Container::Root => self.frames.push(frame),
            Container::Quote => self.push_block(BlockKind::Quote(frame.blocks), span),
            Container::List(start) => self.push_block(
                BlockKind::List {
                    start,
                    items: frame.items,
                },
                span,
            ),
            Container::Item(task) => {
                let mut attributes = None;
                let mut blocks = frame.blocks;
                blocks.retain(|block| match &block.kind {
                    BlockKind::StrayAttributes(found) if attributes.is_none() => {
                        attributes = Some(found.clone());
                        false
                    }
                    _ => true,
                });
                let item = Item {
                    task,
                    blocks,
                    attributes,
                    span: frame.span.start..span.end,
                };
                if let Some(list) = self.frames.last_mut() {
                    list.items.push(item);
                }
            }
        }
    }

    fn push_text(&mut self, text: &str, code: bool, span: Range<usize>) {
        let inline = Inline {
            text: text.to_owned(),
            strong: self.style.strong > 0,
            emphasis: self.style.emphasis > 0,
            code,
            link: self.style.links.last().cloned(),
        };
        let sink = self.inlines.get_or_insert_with(|| Sink {
            inlines: Vec::new(),
            attributes: None,
            span: span.clone(),
            implicit: true,
        });
        sink.span.end = sink.span.end.max(span.end);
        match sink.inlines.last_mut() {
            Some(last)
                if last.strong == inline.strong
                    && last.emphasis == inline.emphasis
                    && last.code == inline.code
                    && last.link == inline.link =>
            {
                last.text.push_str(&inline.text);
            }
            _ => sink.inlines.push(inline),
        }
    }

    fn flush_implicit(&mut self) {
        if let Some(sink) = self.inlines.take_if(|sink| sink.implicit) {
            self.push_paragraph(sink);
        }
    }

    /// Ends a paragraph: its attribute comment, if any, becomes a block of its own for the item it stands in.
    fn push_paragraph(&mut self, mut sink: Sink) {
        if let Some(last) = sink.inlines.last_mut() {
            let kept = last.text.trim_end().len();
            last.text.truncate(kept);
        }
        sink.inlines.retain(|inline| !inline.text.is_empty());
        if !sink.inlines.is_empty() {
            self.push_block(BlockKind::Paragraph(sink.inlines), sink.span.clone());
        }
        if let Some(attributes) = sink.attributes {
            self.push_block(BlockKind::StrayAttributes(attributes), sink.span);
        }
    }

    fn push_html(&mut self, html: String, span: Range<usize>) {
        let Some(content) = comment(&html) else {
            if !html.trim().is_empty() && !html.trim_start().starts_with("<!--") {
                self.push_block(BlockKind::Html(html), span);
            }
            return;
        };
        if !content.trim_start().starts_with('{') {
            return;
        }
        let Some(attributes) = self.attribute_span(&span) else {
            self.push_block(BlockKind::Html(html), span);
            return;
        };
        let above = self
            .frames
            .last_mut()
            .and_then(|frame| frame.blocks.last_mut());
        match above {
            Some(Block {
                kind: BlockKind::Heading(heading),
                span: heading_span,
            }) if heading.attributes.is_none() => {
                heading.attributes = Some(attributes);
                heading_span.end = span.end;
            }
            Some(Block {
                kind: BlockKind::List { items, .. },
                ..
            }) if items.last().is_some_and(|item| item.attributes.is_none()) => {
                if let Some(item) = items.last_mut() {
                    item.attributes = Some(attributes);
                    item.span.end = span.end;
                }
            }
            _ => self.push_block(BlockKind::StrayAttributes(attributes), span),
        }
    }

    fn push_block(&mut self, kind: BlockKind, span: Range<usize>) {
        self.flush_implicit();
        if let Some(frame) = self.frames.last_mut() {
            frame.blocks.push(Block { kind, span });
        }
    }

    fn finish(mut self) -> Vec<Block> {
        self.flush_implicit();
        while self.frames.len() > 1 {
            self.skipped = 0;
            let end = self.text.len();
            self.close(end..end);
        }
        self.frames
            .pop()
            .map(|root| root.blocks)
            .unwrap_or_default()
    }

    /// `{…}` behind a heading. It is read from the source, because quotes and underscores in values are markup to the
    /// Markdown parser; the words before it are read again on their own.
    fn heading(&self, level: u8, sink: Sink, span: &Range<usize>) -> Heading {
        let source = self.text.get(span.clone()).unwrap_or_default();
        let line = source.lines().next().unwrap_or_default().trim_end();
        let behind = line
            .ends_with('}')
            .then(|| {
                line.match_indices('{').find_map(|(at, _)| {
                    let group = attributes::braces(line.get(at..)?)?;
                    let inside = at + group.start..at + group.end;
                    let mut findings = Vec::new();
                    let read = attributes::parse(line.get(inside.clone())?, 0, &mut findings);
                    let whole = at + group.end + 1 == line.len();
                    (whole && findings.is_empty() && !read.is_empty()).then_some((at, inside))
                })
            })
            .flatten();
        match behind {
            Some((at, inside)) if sink.attributes.is_none() => Heading {
                level,
                inlines: inline_text(line.get(..at).unwrap_or_default()),
                attributes: Some(span.start + inside.start..span.start + inside.end),
            },
            _ => {
                let mut inlines = sink.inlines;
                if let Some(last) = inlines.last_mut() {
                    let kept = last.text.trim_end().len();
                    last.text.truncate(kept);
                }
                Heading {
                    level,
                    inlines,
                    attributes: sink.attributes,
                }
            }
        }
    }

    /// Where the braces' content stands inside a comment.
    fn attribute_span(&self, comment: &Range<usize>) -> Option<Range<usize>> {
        let source = self.text.get(comment.clone())?;
        let open = source.find("<!--")? + 4;
        let group = attributes::braces(source.get(open..)?)?;
        let start = comment.start + open;
        Some(start + group.start..start + group.end)
    }

    /// The info string as it stands in the file: the parser's own copy has escapes and entities replaced.
    fn info_span(&self, fence: &Range<usize>) -> Range<usize> {
        let source = self.text.get(fence.clone()).unwrap_or_default();
        let line = source.lines().next().unwrap_or_default();
        let marks = line.len() - line.trim_start_matches(['`', '~']).len();
        let info = line.get(marks..).unwrap_or_default();
        let start = fence.start + marks + (info.len() - info.trim_start().len());
        start..start + info.trim().len()
    }
}

/// The inlines of one line of Markdown.
fn inline_text(line: &str) -> Vec<Inline> {
    let first = blocks(line, 0).into_iter().next();
    match first.map(|block| block.kind) {
        Some(BlockKind::Heading(heading)) => heading.inlines,
        Some(BlockKind::Paragraph(inlines)) => inlines,
        _ => vec![Inline::plain(line.trim())],
    }
}

/// The content of a text that is one HTML comment.
fn comment(html: &str) -> Option<&str> {
    html.trim().strip_prefix("<!--")?.strip_suffix("-->")
}

#[cfg(test)]
mod tests;
