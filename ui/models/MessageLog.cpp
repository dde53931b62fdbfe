// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/MessageLog.h"

#include <QLocale>

#include <algorithm>
#include <utility>

namespace secateur::ui {
namespace {

enum Column { Time, Kind, Text, Hint, kColumns };

} // namespace

QString severityText(Message::Severity severity)
{
    switch (severity) {
    case Message::Severity::Info:
        return MessageLog::tr("Note");
    case Message::Severity::Success:
        return MessageLog::tr("Done");
    case Message::Severity::Warning:
        return MessageLog::tr("Warning");
    case Message::Severity::Error:
        return MessageLog::tr("Error");
    }
    return {};
}

void MessageLog::append(Message message)
{
    message.time = QDateTime::currentDateTime();
    const int row = int(m_all.size());
    beginInsertRows({}, row, row);
    m_all.push_back(std::move(message));
    endInsertRows();
}

void MessageLog::note(const QString &sentence, const QString &hint)
{
    Message message;
    message.sentence = sentence;
    message.hint = hint;
    append(std::move(message));
}

void MessageLog::post(Message message)
{
    std::erase_if(m_current, [&](std::size_t index) { return m_all[index].topic == message.topic; });
    const auto place = m_places.find(message.topic);
    if (place == m_places.end() || !place->second())
        m_current.push_back(m_all.size());
    append(std::move(message));
    emit currentChanged();
}

void MessageLog::setPlace(const QString &topic, std::function<bool()> isSeen)
{
    m_places[topic] = std::move(isSeen);
}

void MessageLog::resolve(const QString &topic)
{
    if (std::erase_if(m_current, [&](std::size_t index) { return m_all[index].topic == topic; }) > 0)
        emit currentChanged();
}

std::vector<Message> MessageLog::current() const
{
    std::vector<Message> messages;
    for (const std::size_t index : m_current)
        messages.push_back(m_all[index]);
    return messages;
}

int MessageLog::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_all.size());
}

int MessageLog::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(kColumns);
}

QVariant MessageLog::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
        return {};
    const Message &message = m_all[std::size_t(index.row())];
    switch (index.column()) {
    case Time:
        return QLocale().toString(message.time.time(), QLocale::LongFormat);
    case Kind:
        return severityText(message.severity);
    case Text:
        return message.sentence;
    case Hint:
        return message.hint;
    default:
        return {};
    }
}

QVariant MessageLog::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Kind:
        return tr("Kind");
    case Text:
        return tr("What happened");
    case Hint:
        return tr("What to do");
    default:
        return {};
    }
}

} // namespace secateur::ui
