// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QDateTime>
#include <QString>
#include <QStringList>
#include <functional>
#include <map>
#include <vector>

namespace secateur::ui {

/// Something that people should know: a sentence, what to do about it, and where it belongs.
struct Message {
    enum class Severity { Info, Success, Warning, Error };
    Severity severity = Severity::Info;
    QString sentence; ///< what happened, to which object
    QString hint;     ///< what to do; may be empty
    QString topic;    ///< what it is about ("open", "search", ...): a newer message of a topic takes the place of the older one
    QString actionText;           ///< of a button beside it; empty = none
    std::function<void()> action; ///< what the button does
    QDateTime time;               ///< set by post()

    /// Until somebody puts it away; a note or a success goes by itself.
    bool stays() const { return severity == Severity::Warning || severity == Severity::Error; }
};

/// "Note", "Done", "Warning", "Error".
QString severityText(Message::Severity severity);

/// All messages of this run, newest last: the log as a table (time, severity, message), and those that are shown.
///
/// A problem is told once: where it happened, if that is in sight, else by a message.
class MessageLog : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

    void post(Message message);
    /// The same for what is no news to anybody at the window: a line of the log alone.
    void note(const QString &sentence, const QString &hint = {});
    /// Where problems of a topic are told: no message about it is shown while `isSeen` says that people see that place.
    void setPlace(const QString &topic, std::function<bool()> isSeen);
    /// What is shown about this topic is over (it stays in the log).
    void resolve(const QString &topic);
    /// The messages that are still to be shown, oldest first: one a topic.
    std::vector<Message> current() const;
    void dismiss(const QString &topic) { resolve(topic); }

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

signals:
    void currentChanged();

private:
    void append(Message message);

    std::vector<Message> m_all;
    std::vector<std::size_t> m_current; ///< indices into m_all
    std::map<QString, std::function<bool()>> m_places;
};

} // namespace secateur::ui
