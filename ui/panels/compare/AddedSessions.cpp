// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/compare/AddedSessions.h"

#include "foundation/Failures.h"
#include "panels/parts/InBackground.h"

#include <QFileInfo>

namespace secateur::ui {

AddedSessions::AddedSessions(QObject *parent) : QObject(parent)
{
    connect(&m_reading, &QFutureWatcher<ComparedSession>::finished, this, &AddedSessions::take);
}

void AddedSessions::add(const QString &file)
{
    m_waiting << QFileInfo(file).absoluteFilePath();
    if (!m_reading.isRunning())
        readNext();
}

void AddedSessions::readNext()
{
    if (!m_waiting.isEmpty())
        m_reading.setFuture(inBackground([file = m_waiting.takeFirst()] { return readCompared(file); }));
}

void AddedSessions::take()
{
    try {
        ComparedSession read = m_reading.result();
        std::erase_if(m_all, [&](const ComparedSession &known) { return known.file == read.file; });
        m_all.push_back(std::move(read));
        emit changed();
    } catch (const std::exception &thrown) {
        const Error problem = asError(thrown);
        emit failed(QString::fromStdString(problem.what()), QString::fromStdString(problem.plainHint()));
    }
    readNext();
}

void AddedSessions::clear()
{
    m_all.clear();
    emit changed();
}

} // namespace secateur::ui
