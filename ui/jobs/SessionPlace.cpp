// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SessionPlace.h"

namespace secateur::ui {
namespace {

QString nameOf(const std::filesystem::path &file)
{
    return QString::fromStdString(file.filename().string());
}

/// "process 1234", "process 1234 on nest"; empty where it is not known.
QString processText(const SessionOwner &owner)
{
    if (owner.process == 0)
        return {};
    const QString process = QString::number(owner.process);
    return owner.host.empty() ? SessionPlace::tr("process %1").arg(process)
                              : SessionPlace::tr("process %1 on %2").arg(process, QString::fromStdString(owner.host));
}

QString openElsewhere(const QString &subject, const SessionOwner &owner)
{
    const QString text = processText(owner);
    return text.isEmpty() ? SessionPlace::tr("%1 is open in another window.").arg(subject)
                          : SessionPlace::tr("%1 is open in another window (%2).").arg(subject, text);
}

/// The lock that this window holds on that file, or a new one.
std::shared_ptr<SessionLock> lockOf(const std::filesystem::path &file, const std::shared_ptr<SessionLock> &own)
{
    return own && own->isHeld() && own->isOf(file) ? own : std::make_shared<SessionLock>(file);
}

} // namespace

void SessionPlace::noteStamp(const std::filesystem::path &file)
{
    m_stamp = stampOf(file);
}

void SessionPlace::noteStamp(const Session &left)
{
    const auto noted = left.view.find(kStampOfView);
    m_stamp = noted == left.view.end() ? std::nullopt : stampFromText(noted->second);
    if (!m_stamp)
        m_stamp = FileStamp(); // of no file
}

void SessionPlace::lock(const std::filesystem::path &file, const SessionPlace &before)
{
    m_lock = lockOf(file, before.m_lock);
}

bool SessionPlace::isStillTaken(const std::filesystem::path &file)
{
    m_lock = std::make_shared<SessionLock>(file);
    return m_lock->owner().has_value();
}

void SessionPlace::save(const Session &session, const std::filesystem::path &file, bool isForced)
{
    const bool isOwn = m_lock && m_lock->isOf(file);
    const auto lock = lockOf(file, m_lock);
    if (lock->owner())
        throw Error(openElsewhere(SessionPlace::tr("'%1'").arg(nameOf(file)), *lock->owner()).toStdString(),
                    SessionPlace::tr("Save this session under another name.").toStdString());
    const std::optional<FileStamp> now = stampOf(file);
    if (isOwn && !isForced && now && m_stamp && *now != *m_stamp)
        throw Changed(SessionPlace::tr("'%1' was changed on the disk since it was opened here.").arg(nameOf(file)).toStdString(),
                      SessionPlace::tr("Save this session under another name, or overwrite the file.").toStdString());
    saveSession(session, file);
    m_stamp = stampOf(file);
    m_lock = lock;
}

QString SessionPlace::ownerText() const
{
    return m_lock && m_lock->owner() ? openElsewhere(SessionPlace::tr("This session"), *m_lock->owner()) : QString();
}

} // namespace secateur::ui
