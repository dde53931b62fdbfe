// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/parts/Workbench.h"

#include <QString>
#include <QWidget>

class QTableView;

namespace secateur::ui {

/// Every message of this run, to be read again, copied, or saved as text.
class LogPanel : public QWidget {
    Q_OBJECT
public:
    explicit LogPanel(Workbench workbench, QWidget *parent = nullptr);

    /// The log as text: one line a message, the hint indented below it.
    QString text() const;
    /// Says in the message log how it went.
    void saveAs(const QString &file);

private:
    void chooseFile();

    MessageLog &m_log;
    QTableView *m_view;
};

} // namespace secateur::ui
