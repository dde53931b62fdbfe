// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "panels/compare/CompareRows.h"

#include <QFutureWatcher>
#include <QObject>
#include <QStringList>

#include <vector>

namespace secateur::ui {

/// Sessions of files whose plans stand beside those of the session in hand. Read one after the other, in the background.
class AddedSessions : public QObject {
    Q_OBJECT
public:
    explicit AddedSessions(QObject *parent = nullptr);

    const std::vector<ComparedSession> &all() const { return m_all; }
    void add(const QString &file); ///< one that is there already is read again
    void clear();

signals:
    void changed();
    void failed(const QString &sentence, const QString &hint); ///< a file could not be read

private:
    void readNext();
    void take();

    std::vector<ComparedSession> m_all;
    QStringList m_waiting;
    QFutureWatcher<ComparedSession> m_reading;
};

} // namespace secateur::ui
