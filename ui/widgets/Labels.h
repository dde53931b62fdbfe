// SPDX-License-Identifier: GPL-3.0-or-later
// The few looks that words in a panel have. Colours are roles of the palette, so they follow light and dark by themselves.
#pragma once

#include <QLabel>
#include <QString>

namespace secateur::ui {

/// Bold, one step larger than the text: the name of a part of a panel.
QLabel *headingLabel(const QString &text, QWidget *parent = nullptr);
/// The same for a name of any length: cut in the middle where it does not fit.
class ElidedLabel;
ElidedLabel *headingName(QWidget *parent = nullptr);
/// Muted, wraps: says what something is.
QLabel *captionLabel(const QString &text, QWidget *parent = nullptr);
/// Wraps, can be selected and copied.
QLabel *bodyLabel(const QString &text, QWidget *parent = nullptr);
/// A number that is read from a distance; can be selected and copied.
QLabel *figureLabel(const QString &text, QWidget *parent = nullptr);

/// A text whose words (names, paths) of more than `longest` letters have lost their middle.
QString shortened(const QString &text, qsizetype longest);

/// Wraps between words, and within one that is longer than a line, such as a file's name: it never asks for more room than a few letters.
class WrappedLabel : public QLabel {
    Q_OBJECT
public:
    explicit WrappedLabel(const QString &text, QWidget *parent = nullptr);
    QSize minimumSizeHint() const override;
    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    bool hasLongerWord(int width) const;
    /// Breaks the text where it must, draws it if there is a painter, and returns the height that it takes.
    double layOut(QPainter *painter, const QRectF &area) const;
};

/// A line that is cut in the middle where it does not fit, with the whole in its tooltip: for paths and hashes.
class ElidedLabel : public QLabel {
    Q_OBJECT
public:
    using QLabel::QLabel;
    /// Sets text, tooltip and accessible name.
    void setWhole(const QString &text) { setBrief(text, text); }
    /// The same where the text is shorter than the whole, which tooltip and accessible name say.
    void setBrief(const QString &text, const QString &whole);
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace secateur::ui
