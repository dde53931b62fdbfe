// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractScrollArea>
#include <QString>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

class QTextLayout;

namespace secateur::ui {

/// A text that is made of tokens, each with a look of its own, wrapped to the width. One more token at the end costs the layout of the last lines alone,
/// however long the text is. The arrow keys, Home and End go from token to token; Ctrl+C copies the text.
class TokenView : public QAbstractScrollArea {
    Q_OBJECT
public:
    struct Token {
        QString text;
        /// Shade on the diverging map, -1 to 1 (clamped); above 0 with a line below, under 0 with a dotted one; NaN: none.
        double change = std::numeric_limits<double>::quiet_NaN();
        bool isOutside = false; ///< greyed: it does not count
    };

    /// `name`: what the text is, for screen readers.
    explicit TokenView(const QString &name, QWidget *parent = nullptr);
    ~TokenView() override;

    void clear();
    void append(Token token);
    void setTokens(std::vector<Token> tokens);
    int count() const { return int(m_tokens.size()); }
    const Token &token(int index) const { return m_tokens[std::size_t(index)]; }
    QString text() const;

    /// Marks one token by a sign beside its line and a wave below it; -1: none.
    void setMark(int token);
    int mark() const { return m_mark; }
    /// What is said while there is no token.
    void setEmptyText(const QString &text);
    /// What there is to say of a token: its tooltip and, of the current one, its description for screen readers.
    void setDescriber(std::function<QString(int)> describer) { m_describe = std::move(describer); }

    int current() const { return m_current; }  ///< chosen by keys or a click; -1: none
    void setCurrent(int token);                ///< scrolls there; emits
    int tokenAt(const QPoint &position) const; ///< of the viewport; -1: none there
    QRect rectOf(int token) const;             ///< of its first line, in the viewport

    /// Letters that were laid out since the view was made. Exposed because tests count them.
    qint64 laidOut() const { return m_laidOut; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void currentChanged(int token);
    void pointedAt(int token); ///< by the mouse; -1: at none

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;

private:
    /// Some lines of the text that are laid out together.
    struct Segment {
        qsizetype from = 0, to = 0; ///< letters of m_text
        double top = 0, height = 0; ///< pixels, from the top of the text
        std::unique_ptr<QTextLayout> layout;
    };

    void take(Token token);
    void layOutFrom(qsizetype from);
    Segment laidOutSegment(qsizetype from, qsizetype to, double top);
    bool runsRightToLeft() const;
    void layOutAnew();
    void followHeight(bool staysAtEnd);
    double textWidth() const;
    int tokenOfLetter(qsizetype letter) const;
    std::size_t segmentAt(double y) const;
    std::vector<QRectF> linesOf(int token) const; ///< in the text
    void stepLine(int lines);
    void drawFrame(class QPainter &painter) const;

    std::vector<Token> m_tokens;
    std::vector<qsizetype> m_begins; ///< of each token, in m_text
    QString m_text, m_emptyText;     ///< of all tokens, with line separators
    std::vector<Segment> m_segments;
    std::function<QString(int)> m_describe;
    int m_current = -1, m_mark = -1, m_pointed = -1;
    qint64 m_laidOut = 0;
};

} // namespace secateur::ui
