// SPDX-License-Identifier: GPL-3.0-or-later
#include "window/ShortcutOverview.h"

#include "panels/parts/TableLook.h"
#include "window/Actions.h"

#include <QDialogButtonBox>
#include <QHeaderView>
#include <QTableWidget>
#include <QVBoxLayout>

namespace secateur::ui {
namespace {

/// Without what it would do right now ("Undo Sparsity 37.5 %").
QString nameOf(const QAction &action)
{
    const QVariant plain = action.property(Actions::kPlainName);
    return plain.isValid() ? plain.toString() : QString(action.text()).remove(QLatin1Char('&'));
}

} // namespace

ShortcutOverview::ShortcutOverview(const QList<QAction *> &actions, QWidget *parent) : QDialog(parent)
{
    setWindowTitle(tr("Keyboard shortcuts"));
    setAttribute(Qt::WA_DeleteOnClose);
    QList<std::pair<QString, QString>> rows;
    for (const QAction *action : actions)
        if (!action->shortcut().isEmpty())
            rows.append({action->shortcut().toString(QKeySequence::NativeText), nameOf(*action)});
    rows.append({tr("Left, Right"), tr("Importance: move K by 1 (Shift: by 16)")});
    rows.append({tr("Home"), tr("Importance: K back to the balance rule; Balance: N back to the rule")});
    rows.append({tr("Left, Right"), tr("Balance slider: move N by 1")});
    rows.append({tr("Up, Down"), tr("Map: another layer")});
    rows.append({tr("Menu key"), tr("Map: protect or force a layer; plots: save, copy, zoom, show as table")});
    rows.append({tr("Arrows"), tr("Attention: another layer or step")});
    rows.append({tr("Space"), tr("Importance: compare the layer with others")});
    rows.append({tr("+, −, 0"), tr("Plots: zoom in, zoom out, show all")});
    rows.append({tr("Ctrl+Arrows"), tr("Plots: move what is zoomed")});
    rows.append({tr("Esc"), tr("Job bar: cancel the job; a message: put it away")});
    rows.append({tr("Esc"), tr("Elsewhere: take back the chosen layer or step")});
    auto *table = new QTableWidget(int(rows.size()), 2, this);
    table->setAccessibleName(windowTitle());
    table->setHorizontalHeaderLabels({tr("Keys"), tr("What they do")});
    applyListLook(*table);
    table->horizontalHeader()->setStretchLastSection(true);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    for (int row = 0; row < rows.size(); ++row) {
        table->setItem(row, 0, new QTableWidgetItem(rows[row].first));
        table->setItem(row, 1, new QTableWidgetItem(rows[row].second));
    }
    table->resizeColumnToContents(0);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(table);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::close);
    layout->addWidget(buttons);
    resize(560, 560);
}

} // namespace secateur::ui
