// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "text/TokenWindows.h"

#include <QObject>
#include <QThreadPool>
#include <QTimer>
#include <memory>
#include <stop_token>
#include <vector>

namespace secateur::ui {

class SessionJobs;
class SessionModel;

/// Whether a text is read by jobs alone, because reading it only to look at it would take long: large files that are read to their end.
/// `tokens`: roughTokens() of it.
bool isReadLate(const TextSettings &text, std::int64_t tokens);

/// Reads the session's texts as soon as they are chosen, on a thread of its own, so that people see what a text is, and whether it is long enough,
/// before a job needs it. The session model hears what was found; nothing is kept, jobs read their texts again.
class TextReader : public QObject {
    Q_OBJECT
public:
    /// `jobs`: which know how much memory a text may take.
    TextReader(SessionModel &model, const SessionJobs &jobs, QObject *parent = nullptr);
    ~TextReader() override;

private:
    struct Tokenizers;

    void readWhatIsNew();
    void read(const TextSettings &text);

    SessionModel &m_model;
    const SessionJobs &m_jobs;
    std::vector<TextSettings> m_known; ///< of which was told, but for those that were refused
    std::shared_ptr<Tokenizers> m_tokenizers;
    std::stop_source m_stop;
    QTimer m_soon; ///< after the last change
    QThreadPool m_pool;
};

} // namespace secateur::ui
