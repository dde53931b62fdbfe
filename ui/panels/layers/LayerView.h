// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTableView>

namespace secateur::ui {

class LayerModel;
class SelectionModel;

/// The picture of the map: one row a layer, all of them in sight as long as a row can be 12 pixels high.
///
/// Hovering and choosing go into the selection model, and rows that are hovered or selected elsewhere light up here.
class LayerView : public QTableView {
    Q_OBJECT
public:
    LayerView(LayerModel &model, SelectionModel &selection, QWidget *parent = nullptr);

    static constexpr int kLeastRow = 12, kLargestRow = 24; ///< pixels

signals:
    /// The context menu of a layer was asked for, by mouse or by key.
    void menuRequested(int layer, QPoint globalPosition);
    /// By Ctrl and a click, or by Space on the current row: to be compared, or no longer.
    void compareRequested(qint64 layer);

protected:
    void dataChanged(const QModelIndex &topLeft, const QModelIndex &bottomRight, const QList<int> &roles) override;
    void keyPressEvent(QKeyEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;

private:
    void fitRows();
    void fitColumns();
    void followSelected(qint64 layer);
    void updateRow(qint64 layer);
    QRect rowRect(int row) const;

    SelectionModel &m_selection;
    qint64 m_shownHover = -1;
};

} // namespace secateur::ui
