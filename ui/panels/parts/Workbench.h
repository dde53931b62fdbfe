// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QUndoStack;

namespace secateur::ui {

class JobRunner;
class MessageLog;
class PlanEditor;
class SelectionModel;
class SessionJobs;
class SessionModel;

/// What every panel is given: what to follow, and what to turn gestures into. All outlive the panels.
struct Workbench {
    SessionModel &session;
    SelectionModel &selection;
    PlanEditor &editor;
    SessionJobs &jobs;
    JobRunner &runner;
    MessageLog &messages;
    QUndoStack &history;
};

} // namespace secateur::ui
