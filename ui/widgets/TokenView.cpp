// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/TokenView.h"

#include "theme/PlotStyle.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QPainter>
#include <QResizeEvent>
#include <QScrollBar>
#include <QTextLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace secateur::ui {
namespace {

constexpr int kGap = 6;               ///< pixels around the text
constexpr int kLive = 2;              ///< lines at the end that may still change with what is appended
constexpr qsizetype kTogether = 4000; ///< letters that are laid out at once at most
constexpr double kVisible = 0.02;     ///< a change below that has no line: it is none to the eye
const QString kMark = QStringLiteral("≠");

/// Black or white, whichever can be read there.
QColor wordsOn(const QColor &ground)
{
    return PlotStyle::contrast(Qt::white, ground) > PlotStyle::contrast(Qt::black, ground) ? QColor(Qt::white) : QColor(Qt::black);
}

class TokenViewAccessible : public QAccessibleWidget {
public:
    explicit TokenViewAccessible(TokenView *view) : QAccessibleWidget(view, QAccessible::StaticText) {}

    QString text(QAccessible::Text kind) const override
    {
        const auto *view = static_cast<const TokenView *>(widget());
        switch (kind) {
        case QAccessible::Value:
            return view->text();
        case QAccessible::Help:
            return TokenView::tr("The arrow keys go from token to token; Ctrl+C copies the text.");
        default:
            return QAccessibleWidget::text(kind);
        }
    }
};

QAccessibleInterface *makeAccessible(const QString &className, QObject *object)
{
    auto *view = className == QLatin1String(TokenView::staticMetaObject.className()) ? qobject_cast<TokenView *>(object) : nullptr;
    return view ? new TokenViewAccessible(view) : nullptr;
}

} // namespace

TokenView::TokenView(const QString &name, QWidget *parent) : QAbstractScrollArea(parent)
{
    [[maybe_unused]] static const bool isInstalled = (QAccessible::installFactory(&makeAccessible), true);
    setAccessibleName(name);
    setFrameShape(QFrame::NoFrame); // it draws its own, which shows the focus
    setFocusPolicy(Qt::StrongFocus);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn); // else the first line too many would lay all of it out anew
    viewport()->setMouseTracking(true);
    verticalScrollBar()->setSingleStep(fontMetrics().lineSpacing());
}

TokenView::~TokenView() = default;

// ---- the text ----------------------------------------------------------------------------------------------------------------

void TokenView::take(Token token)
{
    m_begins.push_back(m_text.size());
    for (const QChar letter : std::as_const(token.text))
        m_text += letter == u'\n' ? QChar(QChar::LineSeparator) : letter == u'\r' ? QChar(u' ') : letter;
    m_tokens.push_back(std::move(token));
}

void TokenView::clear()
{
    setTokens({});
}

void TokenView::append(Token token)
{
    const bool isAtEnd = verticalScrollBar()->value() == verticalScrollBar()->maximum();
    take(std::move(token));
    layOutFrom(m_segments.empty() ? 0 : m_segments.back().from);
    followHeight(isAtEnd);
}

void TokenView::setTokens(std::vector<Token> tokens)
{
    m_tokens.clear();
    m_begins.clear();
    m_text.clear();
    for (Token &token : tokens)
        take(std::move(token));
    m_mark = m_pointed = -1;
    layOutAnew();
    verticalScrollBar()->setValue(0);
    setCurrent(-1);
}

QString TokenView::text() const
{
    QString all;
    for (const Token &token : m_tokens)
        all += token.text;
    return all;
}

void TokenView::setMark(int token)
{
    if (std::exchange(m_mark, token) == token)
        return;
    if (token >= 0 && !m_segments.empty() && m_begins[std::size_t(token)] >= m_segments.back().from)
        layOutFrom(m_segments.back().from); // the usual case: it is the last
    else
        layOutAnew();
    viewport()->update();
}

void TokenView::setEmptyText(const QString &text)
{
    m_emptyText = text;
    viewport()->update();
}

// ---- layout ------------------------------------------------------------------------------------------------------------------

double TokenView::textWidth() const
{
    return std::max(20, viewport()->width() - 2 * kGap - fontMetrics().horizontalAdvance(kMark));
}

/// Lines that are full no longer change; only the last ones are laid out with what is appended.
void TokenView::layOutFrom(qsizetype from)
{
    while (!m_segments.empty() && m_segments.back().from >= from)
        m_segments.pop_back();
    while (from < m_text.size()) {
        const double top = m_segments.empty() ? 0 : m_segments.back().top + m_segments.back().height;
        const qsizetype to = std::min(m_text.size(), from + kTogether);
        Segment segment = laidOutSegment(from, to, top);
        if (const int lines = segment.layout->lineCount(); lines > kLive) {
            const qsizetype cut = from + segment.layout->lineAt(lines - 1).textStart();
            segment = laidOutSegment(from, cut, top);
        }
        from = segment.to;
        m_segments.push_back(std::move(segment));
    }
}

TokenView::Segment TokenView::laidOutSegment(qsizetype from, qsizetype to, double top)
{
    const PlotStyle style = PlotStyle::of(palette());
    Segment segment{.from = from, .to = to, .top = top, .height = 0, .layout = {}};
    segment.layout = std::make_unique<QTextLayout>(m_text.mid(from, to - from), font());
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    option.setTextDirection(runsRightToLeft() ? Qt::RightToLeft : Qt::LeftToRight);
    segment.layout->setTextOption(option);

    QList<QTextLayout::FormatRange> looks;
    for (int i = tokenOfLetter(from); i < count() && m_begins[std::size_t(i)] < to; ++i) {
        const Token &token = m_tokens[std::size_t(i)];
        const qsizetype begin = std::max(from, m_begins[std::size_t(i)]);
        const qsizetype end = std::min(to, i + 1 < count() ? m_begins[std::size_t(i) + 1] : m_text.size());
        QTextCharFormat look;
        look.setForeground(token.isOutside ? style.disabled : style.text);
        if (!token.isOutside && std::isfinite(token.change)) {
            const QColor ground = style.change(token.change);
            look.setBackground(ground);
            look.setForeground(wordsOn(ground));
            if (std::abs(token.change) >= kVisible)
                look.setUnderlineStyle(token.change > 0 ? QTextCharFormat::SingleUnderline : QTextCharFormat::DotLine);
        }
        if (i == m_mark) {
            look.setUnderlineStyle(QTextCharFormat::WaveUnderline);
            look.setUnderlineColor(style.warning);
        }
        if (end > begin)
            looks.push_back({int(begin - from), int(end - begin), look});
    }
    segment.layout->setFormats(looks);

    segment.layout->beginLayout();
    const double width = textWidth();
    for (QTextLine line = segment.layout->createLine(); line.isValid(); line = segment.layout->createLine()) {
        line.setLineWidth(width);
        line.setPosition({0, segment.height});
        segment.height += std::ceil(line.height()) + 3; // room for the lines below words
    }
    segment.layout->endLayout();
    m_laidOut += to - from;
    return segment;
}

/// By its first letters that say so.
bool TokenView::runsRightToLeft() const
{
    constexpr qsizetype kEnough = 200;
    return m_text.left(kEnough).isRightToLeft();
}

void TokenView::layOutAnew()
{
    m_segments.clear();
    layOutFrom(0);
    followHeight(false);
}

void TokenView::followHeight(bool staysAtEnd)
{
    const double height = m_segments.empty() ? 0 : m_segments.back().top + m_segments.back().height;
    QScrollBar *bar = verticalScrollBar();
    bar->setPageStep(viewport()->height());
    bar->setRange(0, std::max(0, int(std::ceil(height)) + 2 * kGap - viewport()->height()));
    if (staysAtEnd)
        bar->setValue(bar->maximum());
    viewport()->update();
}

QSize TokenView::sizeHint() const
{
    return {fontMetrics().averageCharWidth() * 40, fontMetrics().lineSpacing() * 10};
}

QSize TokenView::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 14, fontMetrics().lineSpacing() * 5};
}

void TokenView::resizeEvent(QResizeEvent *event)
{
    QAbstractScrollArea::resizeEvent(event);
    if (event->size().width() != event->oldSize().width())
        layOutAnew();
    else
        followHeight(false);
}

void TokenView::changeEvent(QEvent *event)
{
    QAbstractScrollArea::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        layOutAnew();
}

// ---- places ------------------------------------------------------------------------------------------------------------------

int TokenView::tokenOfLetter(qsizetype letter) const
{
    const auto behind = std::ranges::upper_bound(m_begins, letter); // of tokens without letters the last: it has them
    return std::max(0, int(behind - m_begins.begin()) - 1);
}

std::size_t TokenView::segmentAt(double y) const
{
    const auto behind = std::ranges::upper_bound(m_segments, y, {}, &Segment::top);
    return behind == m_segments.begin() ? 0 : std::size_t(behind - m_segments.begin()) - 1;
}

std::vector<QRectF> TokenView::linesOf(int token) const
{
    std::vector<QRectF> places;
    if (token < 0 || token >= count())
        return places;
    const qsizetype begin = m_begins[std::size_t(token)];
    const qsizetype end = token + 1 < count() ? m_begins[std::size_t(token) + 1] : m_text.size();
    const auto isBlank = [this](qsizetype first, qsizetype last) {
        return QStringView(m_text).mid(first, last - first).trimmed().isEmpty();
    };
    const auto behind = std::ranges::upper_bound(m_segments, begin, {}, &Segment::from);
    for (auto segment = behind == m_segments.begin() ? behind : behind - 1; segment != m_segments.end() && segment->from < end; ++segment)
        for (int i = 0; i < segment->layout->lineCount(); ++i) {
            const QTextLine line = segment->layout->lineAt(i);
            const qsizetype first = segment->from + line.textStart(), last = first + line.textLength();
            const qsizetype from = std::max(begin, first), to = std::min(end, last);
            if (from >= to || (to < end && isBlank(from, to) && !isBlank(begin, end))) // the space before a word that went to the next line
                continue;
            const double one = line.cursorToX(int(from - segment->from)), other = line.cursorToX(int(to - segment->from));
            places.emplace_back(std::min(one, other), segment->top + line.y(), std::max(2.0, std::abs(other - one)), line.height());
        }
    return places;
}

QRect TokenView::rectOf(int token) const
{
    const std::vector<QRectF> places = linesOf(token);
    const double left = kGap + fontMetrics().horizontalAdvance(kMark), top = kGap - verticalScrollBar()->value();
    return places.empty() ? QRect() : places.front().translated(left, top).toAlignedRect();
}

int TokenView::tokenAt(const QPoint &position) const
{
    const double x = position.x() - kGap - fontMetrics().horizontalAdvance(kMark), y = position.y() - kGap + verticalScrollBar()->value();
    if (m_segments.empty() || y < 0)
        return -1;
    const Segment &segment = m_segments[segmentAt(y)];
    for (int i = 0; i < segment.layout->lineCount(); ++i) {
        const QTextLine line = segment.layout->lineAt(i);
        const double top = segment.top + line.y();
        if (y < top || y >= top + line.height() + 3)
            continue;
        const QRectF words = line.naturalTextRect();
        if (x < words.left() || x > words.right())
            return -1;
        return tokenOfLetter(segment.from + line.xToCursor(x, QTextLine::CursorOnCharacter));
    }
    return -1;
}

void TokenView::setCurrent(int token)
{
    token = token >= count() ? -1 : token;
    if (std::exchange(m_current, token) == token)
        return;
    if (const std::vector<QRectF> places = linesOf(token); !places.empty()) {
        QScrollBar *bar = verticalScrollBar();
        const int top = int(places.front().top()), bottom = int(places.back().bottom()) + 2 * kGap;
        if (top < bar->value())
            bar->setValue(top);
        else if (bottom > bar->value() + viewport()->height())
            bar->setValue(bottom - viewport()->height());
    }
    setAccessibleDescription(token >= 0 && m_describe ? m_describe(token) : QString());
    viewport()->update();
    emit currentChanged(token);
}

/// To the token above or below the current one.
void TokenView::stepLine(int lines)
{
    const QRect here = rectOf(m_current);
    if (here.isNull())
        return;
    const int step = fontMetrics().lineSpacing() + 3;
    for (int y = here.center().y() + lines * step, tries = 0; tries < 4; y += lines * step, ++tries) // over empty lines
        for (int x = here.center().x(); x > 0; x -= step) {                                          // a line may be shorter
            const int found = tokenAt({x, y});
            if (found >= 0 && found != m_current)
                return setCurrent(found);
        }
}

// ---- drawing -----------------------------------------------------------------------------------------------------------------

void TokenView::paintEvent(QPaintEvent * /*event*/)
{
    const PlotStyle style = PlotStyle::of(palette());
    QPainter painter(viewport());
    painter.fillRect(viewport()->rect(), style.surface);
    const double left = kGap + fontMetrics().horizontalAdvance(kMark), above = verticalScrollBar()->value() - kGap;
    if (m_tokens.empty()) {
        painter.setPen(style.mutedText);
        const int gap = 2 * kGap;
        painter.drawText(viewport()->rect().adjusted(gap, gap, -gap, -gap), Qt::AlignTop | Qt::TextWordWrap, m_emptyText);
    }
    for (std::size_t i = m_segments.empty() ? 0 : segmentAt(above); i < m_segments.size(); ++i) {
        if (m_segments[i].top > above + viewport()->height())
            break;
        m_segments[i].layout->draw(&painter, {left, m_segments[i].top - above});
    }
    std::vector<QRectF> marked = linesOf(m_mark);
    for (int before = m_mark - 1; marked.empty() && before >= 0; --before) // a token without letters: the end of a text
        marked = linesOf(before);
    if (!marked.empty()) {
        painter.setPen(style.readable(style.warning));
        painter.drawText(QRectF(kGap / 2.0, marked.front().top() - above, left, marked.front().height()), Qt::AlignLeft | Qt::AlignVCenter,
                         kMark);
    }
    painter.setPen(QPen(style.accent, 2));
    for (const QRectF &place : linesOf(m_current))
        painter.drawRect(place.translated(left, -above).adjusted(0, 0, 0, 1));
    drawFrame(painter);
}

void TokenView::drawFrame(QPainter &painter) const
{
    const PlotStyle style = PlotStyle::of(palette());
    const double width = hasFocus() ? 2 : 1, inner = width / 2;
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(hasFocus() ? style.accent : style.outline, width));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(viewport()->rect()).adjusted(inner, inner, -inner, -inner), 4, 4);
}

} // namespace secateur::ui
