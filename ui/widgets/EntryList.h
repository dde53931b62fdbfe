// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QListWidget>
#include <QString>
#include <vector>

namespace secateur::ui {

/// Things to choose from, two lines each: a title with a figure at the right, and a muted detail. A click or Enter chooses.
///
/// As high as its entries, up to eight of them; with none it says why.
class EntryList : public QListWidget {
    Q_OBJECT
public:
    struct Entry {
        QString title, detail, figure;
        QString problem; ///< why it cannot be chosen; shown in place of the detail, and the entry is greyed
    };

    explicit EntryList(const QString &name, QWidget *parent = nullptr);

    void setEntries(const std::vector<Entry> &entries, const QString &emptyText);
    QString emptyText() const { return m_emptyText; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void chosen(int index);

protected:
    void resizeEvent(QResizeEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;

private:
    QString m_emptyText;
    bool m_isSecondClick = false; ///< of a double click, which must not choose twice
};

} // namespace secateur::ui
