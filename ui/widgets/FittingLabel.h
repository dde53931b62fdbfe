// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QStringList>

namespace secateur::ui {

/// A label of one line that shows the longest of its texts that fits, and cuts the middle of the shortest when none does. The longest is
/// in the tooltip then, where that is not used for something else.
class FittingLabel : public QLabel {
    Q_OBJECT
public:
    explicit FittingLabel(QWidget *parent = nullptr);

    /// Longest first. With several texts the label is never narrower than the last one.
    void setTexts(const QStringList &texts);
    const QStringList &texts() const { return m_texts; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void fit();
    int widthOf(const QString &text) const;

    QStringList m_texts;
    QString m_whole; ///< what fit() put into the tooltip
};

} // namespace secateur::ui
