// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/SessionKeeper.h"

#include "foundation/Failures.h"
#include "jobs/SessionJobs.h"
#include "jobs/SessionPlace.h"
#include "models/MessageLog.h"
#include "models/SessionModel.h"
#include "session/PlanFolder.h"

#include <QFileInfo>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace secateur::ui {
namespace {

using Problem = std::optional<std::pair<QString, QString>>; ///< sentence and hint

Problem problemOf(const std::exception &thrown)
{
    const Error error = asError(thrown);
    return std::pair(QString::fromStdString(error.what()), QString::fromStdString(error.plainHint()));
}

} // namespace

SessionKeeper::SessionKeeper(SessionModel &model, SessionJobs &jobs, MessageLog &messages, std::filesystem::path root, QObject *parent)
    : QObject(parent),
      m_model(model),
      m_jobs(jobs),
      m_messages(messages),
      m_root(std::move(root)),
      m_place(std::make_shared<SessionPlace>())
{
    constexpr std::chrono::seconds kBetweenTries(2);
    m_pool.setMaxThreadCount(1);
    m_again.setSingleShot(true);
    m_again.setInterval(kBetweenTries);
    connect(&m_again, &QTimer::timeout, this, [this] {
        if (isBehind())
            rebase();
    });
    connect(&m_model, &SessionModel::modelChanged, this, &SessionKeeper::begin);
    connect(&m_model, &SessionModel::calibrationsChanged, this, [this] {
        rebase();
        changed();
    });
    connect(&m_model, &SessionModel::plansChanged, this, [this] {
        rebase();
        changed();
    });
    connect(&m_model, &SessionModel::modelMoved, this, [this] {
        rebase();
        changed();
    });
    connect(&m_model, &SessionModel::draftChanged, this, [this] {
        write([this](SessionJournal &j) { j.draftChanged(m_model.draft()); });
        changed();
    });
    connect(&m_model, &SessionModel::textsChanged, this, [this] {
        const Session &s = m_model.session();
        write([&](SessionJournal &j) { j.textsChanged(s.calibrationText, s.evaluationText, s.norm); });
        changed();
    });
    connect(&m_model, &SessionModel::tasksChanged, this, [this] {
        write([this](SessionJournal &j) { j.tasksChanged(m_model.session().tasks); });
        changed();
    });
    connect(&m_model, &SessionModel::pinsChanged, this, [this] {
        write([this](SessionJournal &j) { j.pinsChanged(m_model.session().pinned); });
        changed();
    });
    connect(&m_model, &SessionModel::notesChanged, this, [this] {
        write([this](SessionJournal &j) { j.viewChanged(m_model.session().view); });
        changed();
    });
    // What jobs find is written by them, on the compute thread, before it gets here.
    connect(&m_model, &SessionModel::searchChanged, this, &SessionKeeper::changed);
    connect(&m_model, &SessionModel::otherSearchChanged, this, &SessionKeeper::changed);
    connect(&m_model, &SessionModel::denseImpactChanged, this, &SessionKeeper::changed);
    connect(&m_model, &SessionModel::evaluationsChanged, this, &SessionKeeper::changed);
    connect(&m_model, &SessionModel::exportsChanged, this, &SessionKeeper::changed);
}

SessionKeeper::~SessionKeeper()
{
    leave();
    m_pool.waitForDone();
}

template <class Function>
void SessionKeeper::write(Function function)
{
    if (!m_journal)
        return;
    try {
        function(*m_journal);
    } catch (const std::exception &thrown) {
        const Problem problem = problemOf(thrown);
        noteFailure(problem->first, problem->second);
    }
}

void SessionKeeper::post(bool isError, const QString &topic, const QString &sentence, const QString &hint)
{
    m_messages.post({.severity = isError ? Message::Severity::Error : Message::Severity::Success,
                     .sentence = sentence,
                     .hint = hint,
                     .topic = topic,
                     .actionText = {},
                     .action = {},
                     .time = {}});
}

/// Runs `work` on the thread for files, then `done` here with what it threw.
void SessionKeeper::inBackground(std::function<void()> work, std::function<void(const Problem &)> done)
{
    m_pool.start([this, work = std::move(work), done = std::move(done)] {
        Problem problem;
        try {
            work();
        } catch (const std::exception &thrown) {
            problem = problemOf(thrown);
        }
        QMetaObject::invokeMethod(
            this, [done, problem] { done(problem); }, Qt::QueuedConnection);
    });
}

void SessionKeeper::changed()
{
    ++m_changes;
    m_isSaved = false;
    noteWritten();
    emit stateChanged();
}

bool SessionKeeper::isBehind() const
{
    return m_journal && m_journal->isBehind();
}

/// The journal was written just now; or it could not be, and is begun again a little later.
void SessionKeeper::noteWritten()
{
    if (!m_journal)
        return;
    if (m_journal->isBehind()) {
        m_wasBehind = true;
        if (!m_again.isActive())
            m_again.start();
        return;
    }
    m_lastWritten = QDateTime::currentDateTime();
    if (std::exchange(m_wasBehind, false))
        m_messages.resolve(QStringLiteral("journal"));
}

/// Said once, and not at each try.
void SessionKeeper::noteFailure(const QString &sentence, const QString &hint)
{
    if (!m_wasBehind)
        post(true, QStringLiteral("journal"), sentence, hint);
    noteWritten();
}

/// The session before is over: what was saved under a name needs no journal, the rest is kept and offered. Returns whether that may be so.
bool SessionKeeper::leave()
{
    if (!m_journal)
        return false;
    m_left = m_journal->folder();
    m_jobs.setJournal({});
    m_pool.start([journal = std::exchange(m_journal, {}), place = m_place, isSaved = m_isSaved, changes = m_changes] {
        try {
            if (isSaved || place->changes == changes) // a file that was being written when the session ended is there by now
                journal->discard();
            else
                markClosed(journal->folder());
        } catch (const std::exception &) { // a folder too many at the next start is all that follows
        }
        journal->close(); // a job that is being stopped may hold it yet, and would keep it from being offered
    });
    return !m_isSaved;
}

void SessionKeeper::begin()
{
    const bool isLeft = leave();
    const QString leftName = std::exchange(m_modelName, m_model.modelName());
    const Beginning beginning = std::exchange(m_next, {});
    m_file = beginning.file;
    m_isSaved = beginning.isSaved;
    // The lock of the file before is let go of on the thread for files: its disk may be slow.
    m_pool.start([before = std::exchange(m_place, beginning.place ? beginning.place : std::make_shared<SessionPlace>())]() mutable {
        before.reset();
    });
    m_stamp = m_place->stampText();
    m_changes = 0;
    m_lastWritten = {};
    if (std::exchange(m_wasBehind, false)) // that was the session before
        m_messages.resolve(QStringLiteral("journal"));
    if (m_model.hasModel() && m_model.readOnlyReason().isEmpty()) {
        try {
            m_journal = std::make_shared<SessionJournal>(m_root);
            m_jobs.setJournal(m_journal);
            rebase(beginning.whenWritten);
        } catch (const std::exception &thrown) {
            const Problem problem = problemOf(thrown);
            post(true, QStringLiteral("journal"), tr("This session is not saved as it goes: %1").arg(problem->first), problem->second);
        }
    }
    m_messages.resolve(QStringLiteral("session")); // what it offers is of the session before
    m_messages.resolve(QStringLiteral("session lock"));
    tellOfOwner(*m_place);
    if (isLeft) {
        m_leftName = leftName;
        lookForLeftovers();
    } else {
        m_left.clear();
    }
    emit stateChanged();
}

void SessionKeeper::tellOfOwner(const SessionPlace &place)
{
    m_saveProblem = place.ownerText();
    if (m_saveProblem.isEmpty())
        return;
    m_messages.post({.severity = Message::Severity::Warning,
                     .sentence = m_saveProblem,
                     .hint = tr("To save from this window, choose another name."),
                     .topic = QStringLiteral("session lock"),
                     .actionText = {},
                     .action = {},
                     .time = {}});
}

/// Nothing is lost when another model is opened, which is worth a word.
void SessionKeeper::tellOfLeft(const std::vector<RecoverableSession> &sessions)
{
    const std::filesystem::path left = std::exchange(m_left, {});
    if (std::none_of(sessions.begin(), sessions.end(), [&](const RecoverableSession &s) { return s.folder == left; }))
        return; // nothing was done in it, or it was saved in time
    m_messages.post({.severity = Message::Severity::Info,
                     .sentence = tr("The session of %1 was not saved: it is kept under \"Unsaved sessions\".").arg(m_leftName),
                     .hint = {},
                     .topic = QStringLiteral("left session"),
                     .actionText = tr("Go back to it"),
                     .action = [this, left] { restore(left); },
                     .time = {}});
}

void SessionKeeper::keepView()
{
    std::map<std::string, std::string> view = m_model.session().view;
    if (!m_stamp.empty())
        view[kStampOfView] = m_stamp;
    m_model.setView(std::move(view));
    write([this](SessionJournal &j) { j.viewChanged(m_model.session().view); });
}

/// The journal starts again from the session as it is now. The lines that follow belong to the new base, the file is written meanwhile.
void SessionKeeper::rebase(std::function<void()> done)
{
    write([&](SessionJournal &j) {
        const std::int64_t number = j.startBase();
        inBackground([journal = m_journal, number, session = m_model.session()] { journal->writeBase(number, session); },
                     [this, done = std::move(done)](const Problem &problem) {
                         if (problem)
                             noteFailure(problem->first, problem->second);
                         else
                             noteWritten();
                         if (!problem && done)
                             done();
                         emit stateChanged();
                     });
    });
}

void SessionKeeper::save()
{
    if (!m_model.hasModel())
        return;
    if (m_file.isEmpty())
        return emit nameNeeded();
    if (m_saveProblem.isEmpty())
        return save(m_file);
    const auto isTaken = std::make_shared<bool>(true); // the other window may have closed meanwhile
    inBackground([path = std::filesystem::path(m_file.toStdString()), place = m_place, isTaken] { *isTaken = place->isStillTaken(path); },
                 [this, asked = std::weak_ptr(m_place), isTaken](const Problem &) {
                     if (asked.lock() != m_place)
                         return;
                     if (*isTaken)
                         return emit nameNeeded();
                     m_saveProblem.clear();
                     m_messages.resolve(QStringLiteral("session lock"));
                     save(m_file);
                 });
}

void SessionKeeper::save(const QString &file, IfChanged ifChanged)
{
    if (!m_model.hasModel())
        return;
    if (const QString readOnly = m_model.readOnlyReason(); !readOnly.isEmpty())
        return post(true, QStringLiteral("session"), readOnly, {});
    m_messages.resolve(QStringLiteral("session"));
    const auto isChanged = std::make_shared<bool>(false);
    const auto stamp = std::make_shared<std::string>();
    inBackground(
        [session = m_model.session(), path = std::filesystem::path(file.toStdString()), place = m_place, changes = m_changes, ifChanged,
         isChanged, stamp] {
            try {
                place->save(session, path, ifChanged == IfChanged::Overwrite);
            } catch (const SessionPlace::Changed &) {
                *isChanged = true;
                throw;
            }
            place->changes = changes;
            *stamp = place->stampText();
        },
        [this, file, asked = std::weak_ptr(m_place), changes = m_changes, isChanged, stamp](const Problem &problem) {
            const bool isInHand = asked.lock() == m_place; // not another session meanwhile
            if (problem) {
                const bool canOverwrite = *isChanged && isInHand;
                m_messages.post({.severity = *isChanged ? Message::Severity::Warning : Message::Severity::Error,
                                 .sentence = problem->first,
                                 .hint = problem->second,
                                 .topic = QStringLiteral("session"),
                                 .actionText = canOverwrite ? tr("Overwrite") : QString(),
                                 .action =
                                     [this, file, asked] {            // the log keeps it: a strong one would keep the lock
                                         if (asked.lock() == m_place) // another session must not be written over this one's file
                                             return save(file, IfChanged::Overwrite);
                                         post(true, QStringLiteral("session"),
                                              tr("'%1' was not overwritten: the session that was to be saved there is not open any more.")
                                                  .arg(QFileInfo(file).fileName()),
                                              tr("Go back to that session, and save it again."));
                                     },
                                 .time = {}});
                return;
            }
            post(false, QStringLiteral("session"), tr("The session was saved as '%1'.").arg(QFileInfo(file).fileName()), {});
            if (isInHand) {
                m_file = file;
                m_stamp = *stamp;
                m_saveProblem.clear();
                m_messages.resolve(QStringLiteral("session lock"));
                m_isSaved = changes == m_changes;
                m_lastWritten = QDateTime::currentDateTime();
                emit stateChanged();
            }
            emit saved(file);
        });
}

/// `read` may change how the session begins.
void SessionKeeper::load(std::function<Session()> read, std::shared_ptr<Beginning> beginning)
{
    emit loading();
    m_messages.resolve(QStringLiteral("session"));
    const auto session = std::make_shared<Session>();
    const auto ranked = std::make_shared<std::vector<std::shared_ptr<const RankedScores>>>();
    inBackground(
        [session, ranked, read = std::move(read)] {
            *session = read();
            for (const auto &scores : session->calibrations)
                ranked->push_back(std::make_shared<const RankedScores>(*scores));
        },
        [this, session, ranked, beginning = std::move(beginning)](const Problem &problem) {
            if (problem) {
                post(true, QStringLiteral("session"), problem->first, problem->second);
                return;
            }
            m_next = *beginning;
            m_model.restore(std::move(*session), std::move(*ranked));
            emit opened();
        });
}

void SessionKeeper::open(const QString &file)
{
    const auto place = std::make_shared<SessionPlace>();
    load(
        [path = std::filesystem::path(file.toStdString()), place, before = m_place] {
            place->noteStamp(path);
            Session session = loadSession(path);
            session.view[kFileOfView] = path.string(); // it may have been saved elsewhere before
            session.view[kStampOfView] = place->stampText();
            if (!session.newerFormat)
                place->lock(path, *before);
            return session;
        },
        std::make_shared<Beginning>(Beginning{.file = file, .isSaved = true, .whenWritten = {}, .place = place}));
}

void SessionKeeper::openCopy(const QString &file, std::function<void(Session &)> prepare)
{
    load(
        [path = std::filesystem::path(file.toStdString()), prepare = std::move(prepare)] {
            Session session = loadSession(path);
            session.view.erase(kFileOfView);
            session.view.erase(kStampOfView);
            prepare(session);
            return session;
        },
        std::make_shared<Beginning>(Beginning{.file = {}, .isSaved = true, .whenWritten = {}, .place = std::make_shared<SessionPlace>()}));
}

void SessionKeeper::restore(const std::filesystem::path &folder)
{
    const auto place = std::make_shared<SessionPlace>();
    // Only when all of it is in the new journal is the old one not needed any more.
    const auto beginning = std::make_shared<Beginning>(
        Beginning{.file = {}, .isSaved = false, .whenWritten = [this, folder] { discard(folder); }, .place = place});
    load(
        [folder, place, before = m_place, beginning] {
            Session session = recoverSession(folder);
            if (const auto file = session.view.find(kFileOfView); file != session.view.end()) {
                place->noteStamp(session);
                place->lock(file->second, *before);
                beginning->file = QString::fromStdString(file->second);
            }
            return session;
        },
        beginning);
}

void SessionKeeper::discard(const std::filesystem::path &folder)
{
    inBackground([folder] { removeRecoverable(folder); },
                 [this](const Problem &problem) {
                     if (problem)
                         post(true, QStringLiteral("session"), problem->first, problem->second);
                     lookForLeftovers();
                 });
}

void SessionKeeper::lookForLeftovers()
{
    const auto found = std::make_shared<std::vector<RecoverableSession>>();
    inBackground(
        [found, root = m_root, plans = m_jobs.planFolder()] {
            *found = recoverableSessions(root);
            if (!plans.empty())
                removeUnusedPlans(plans, root);
        },
        [this, found](const Problem &) {
            emit leftoversFound(*found);
            tellOfLeft(*found);
        });
}

} // namespace secateur::ui
