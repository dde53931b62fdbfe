// SPDX-License-Identifier: GPL-3.0-or-later
// What people noted of plans. It lies with the view of the session, which the window writes anew from what it shows.
#include "models/SessionModel.h"

#include "session/SessionStore.h"

#include <utility>

namespace secateur::ui {

void SessionModel::setView(std::map<std::string, std::string> view)
{
    for (const auto &[key, word] : m_session.view)
        if (key.starts_with(kNoteOfView))
            view.insert({key, word});
    m_session.view = std::move(view);
}

QString SessionModel::noteOf(const std::string &planHash) const
{
    const auto found = m_session.view.find(kNoteOfView + planHash);
    return found == m_session.view.end() ? QString() : QString::fromStdString(found->second);
}

void SessionModel::setNote(const std::string &planHash, const QString &note)
{
    if (note == noteOf(planHash))
        return;
    if (note.isEmpty())
        m_session.view.erase(kNoteOfView + planHash);
    else
        m_session.view[kNoteOfView + planHash] = note.toStdString();
    emit notesChanged();
}

} // namespace secateur::ui
