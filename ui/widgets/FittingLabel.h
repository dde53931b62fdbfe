// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QStringList>

namespace secateur::ui {

/// A label of one line that shows the longest of its texts that fits, and cuts the middle of the shortest when none does. The longest is
/// in the tooltip then, where that is not used for something else. In a row where it is given a stretch it takes what room is left, up to the whole text.
class FittingLabel : public QLabel {
    Q_OBJECT
public:
    explicit FittingLabel(QWidget *parent = nullptr);

    /// Longest first. With several texts the label is never narrower than the last one.
    void setTexts(const QStringList &texts);
    const QStringList &texts() const { return m_texts; }
    /// Pixels of a single text that are shown at least, if it is that long.
    void setLeastWidth(int pixels) { m_leastWidth = pixels; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    void fit();
    QString fitting() const;
    int widthOf(const QString &text) const;

    QStringList m_texts;
    int m_leastWidth = 0;
    QString m_whole; ///< what fit() put into the tooltip
};

} // namespace secateur::ui
