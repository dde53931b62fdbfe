// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

namespace secateur::ui {

/// A plain table of records in a panel that scrolls as a whole: as high as its rows, up to a number of them; columns as wide as their words.
class RecordTable : public QTableView {
    Q_OBJECT
public:
    explicit RecordTable(const QString &name, int mostShown = 6, QWidget *parent = nullptr);

    void setModel(QAbstractItemModel *model) override;
    /// A column that takes what the others leave, and never less than its words.
    void setStretched(int column);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void fit();
    void fitStretched();
    int neededWidth(int column) const;

    int m_mostShown, m_stretched = -1;
};

} // namespace secateur::ui
