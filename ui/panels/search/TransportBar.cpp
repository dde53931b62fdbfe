// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/search/TransportBar.h"

#include "theme/ChoiceBox.h"
#include "theme/Icons.h"
#include "widgets/Enabling.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QSignalBlocker>
#include <QSlider>
#include <QTimer>
#include <QToolButton>

#include <algorithm>

namespace secateur::ui {
namespace {

constexpr int kInterval = 700;          ///< milliseconds a step at normal speed
constexpr int kCandidateInterval = 120; ///< and a candidate
constexpr int kFrame = 16;              ///< nothing is shown for less than that

} // namespace

TransportBar::TransportBar(QWidget *parent)
    : QWidget(parent),
      m_first(makeButton(QStringLiteral("first"), tr("First step"), &TransportBar::goToFirst)),
      m_back(makeButton(QStringLiteral("step-back"), tr("Step back"), &TransportBar::goBack)),
      m_play(makeButton(QStringLiteral("play"), tr("Play the search"), &TransportBar::togglePlaying)),
      m_forward(makeButton(QStringLiteral("step-forward"), tr("Step forward"), &TransportBar::goForward)),
      m_end(makeButton(QStringLiteral("last"), tr("All steps"), &TransportBar::goToEnd)),
      m_slider(new QSlider(Qt::Horizontal)),
      m_label(new QLabel),
      m_depth(new ChoiceBox),
      m_speed(new ChoiceBox),
      m_timer(new QTimer(this))
{
    m_slider->setAccessibleName(tr("Step of the search"));
    m_slider->setPageStep(1);
    m_slider->setMinimumWidth(60);
    m_slider->setMaximumWidth(260);
    makeChoices();
    m_timer->setTimerType(Qt::PreciseTimer);

    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    row->addStretch(1);
    for (QToolButton *button : {m_first, m_back, m_play, m_forward, m_end})
        row->addWidget(button);
    row->addSpacing(6);
    row->addWidget(m_slider, 2);
    row->addWidget(m_label);
    row->addWidget(m_depth);
    row->addWidget(m_speed);
    row->addStretch(1);
    for (QWidget *part : std::initializer_list<QWidget *>{m_first, m_back, m_play, m_forward, m_end, m_slider})
        part->installEventFilter(this); // all of them know the same keys

    connect(m_slider, &QSlider::valueChanged, this, [this](int step) {
        pause();
        request(beginningOf(m_steps, step, depth()));
    });
    connect(m_timer, &QTimer::timeout, this, &TransportBar::tick);
    fitLabel();
    followPlaying();
}

void TransportBar::makeChoices()
{
    m_depth->setObjectName(QStringLiteral("depth"));
    m_depth->setAccessibleName(tr("Depth of the replay"));
    m_depth->addItem(tr("Steps"), int(ReplayDepth::Steps));
    m_depth->addItem(tr("Candidates"), int(ReplayDepth::Candidates));
    m_depth->addItem(tr("Predict"), int(ReplayDepth::Predict));
    const QString tips[] = {
        tr("A step after the other"),
        tr("Within a step a candidate after the other. The record does not tell in which order they were worked on: they come in the "
           "order of the layers"),
        tr("Stops before each decision and asks which one you would remove")};
    for (int i = 0; i < m_depth->count(); ++i)
        m_depth->setItemData(i, tips[i], Qt::ToolTipRole);
    m_speed->setObjectName(QStringLiteral("speed"));
    m_speed->setAccessibleName(tr("Speed of the replay"));
    const std::pair<QString, double> speeds[] = {{tr("Talk %1×"), 0.1},   {tr("Very slow %1×"), 0.25}, {tr("Slow %1×"), 0.5},
                                                 {tr("Normal %1×"), 1.0}, {tr("Fast %1×"), 2.0},       {tr("Very fast %1×"), 4.0}};
    for (const auto &[words, speed] : speeds)
        m_speed->addItem(words.arg(locale().toString(speed)), speed);
    m_speed->setItemData(0, tr("Slow enough to talk over: 7 seconds a step"), Qt::ToolTipRole);
    m_speed->setCurrentIndex(m_speed->findData(1.0));
    connect(m_depth, &QComboBox::currentIndexChanged, this, [this] {
        pause();
        fitLabel();
        if (m_position.step >= 0) // else all of the search stays in sight
            request(beginningOf(m_steps, m_position.step, depth()));
        emit depthChosen();
    });
    connect(m_speed, &QComboBox::currentIndexChanged, this, [this] { m_timer->setInterval(interval()); });
}

QToolButton *TransportBar::makeButton(const QString &iconName, const QString &name, void (TransportBar::*act)())
{
    auto *button = new QToolButton;
    button->setIcon(icon(iconName));
    button->setAccessibleName(name);
    button->setToolTip(name);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    connect(button, &QToolButton::clicked, this, [this, button, act] {
        if (button != m_play)
            pause();
        (this->*act)();
    });
    return button;
}

void TransportBar::setSteps(const ReplaySteps &steps)
{
    if (steps == m_steps)
        return;
    m_steps = steps;
    if (m_steps.empty() || (m_steps.size() < 2 && depth() == ReplayDepth::Steps))
        pause();
    fitLabel();
    describe();
}

void TransportBar::setPosition(ReplayPosition position)
{
    if (position.step < 0 || position.step >= qint64(m_steps.size()))
        position = {};
    if (position == m_position)
        return;
    m_position = position;
    describe();
}

ReplayDepth TransportBar::depth() const
{
    return ReplayDepth(m_depth->currentData().toInt());
}

void TransportBar::setDepth(ReplayDepth depth)
{
    m_depth->setCurrentIndex(m_depth->findData(int(depth)));
}

bool TransportBar::isPlaying() const
{
    return m_timer->isActive();
}

int TransportBar::interval() const
{
    const bool isWithin = depth() == ReplayDepth::Candidates && m_position.isUndecided();
    return std::max(kFrame, int((isWithin ? kCandidateInterval : kInterval) / m_speed->currentData().toDouble()));
}

bool TransportBar::isAsking() const
{
    return depth() == ReplayDepth::Predict && m_position.isUndecided();
}

void TransportBar::play()
{
    if (m_steps.empty())
        return;
    const bool isAtEnd = m_position.step < 0 || after(m_steps, m_position, depth()).step < 0;
    if (isAtEnd)
        goToFirst();
    else if (isAsking())
        goForward();
    if (isAsking())
        return; // and waits for the answer
    m_timer->start(interval());
    followPlaying();
}

void TransportBar::pause()
{
    if (!isPlaying())
        return;
    m_timer->stop();
    followPlaying();
}

void TransportBar::togglePlaying()
{
    if (isPlaying())
        pause();
    else
        play();
}

void TransportBar::tick()
{
    goForward();
    if (isAsking())
        pause();
    else if (isPlaying())
        m_timer->setInterval(interval()); // a candidate takes less than a decision
}

void TransportBar::goToFirst()
{
    request(beginningOf(m_steps, 0, depth()));
    emit begun();
}

void TransportBar::goForward()
{
    const ReplayPosition next = after(m_steps, m_position, depth());
    if (next.step < 0)
        pause();
    request(next);
}

void TransportBar::request(ReplayPosition position)
{
    setPosition(position);
    emit requested(m_position.step, m_position.candidates);
}

bool TransportBar::takeKey(const QKeyEvent &event)
{
    if (m_steps.empty() || (event.modifiers() & ~Qt::KeypadModifier) != Qt::NoModifier)
        return false;
    const auto step = [this](void (TransportBar::*act)()) {
        pause();
        (this->*act)();
        return true;
    };
    switch (event.key()) {
    case Qt::Key_Space:
        togglePlaying();
        return true;
    case Qt::Key_Left:
        return step(&TransportBar::goBack);
    case Qt::Key_Right:
        return step(&TransportBar::goForward);
    case Qt::Key_Home:
        return step(&TransportBar::goToFirst);
    case Qt::Key_End:
        return step(&TransportBar::goToEnd);
    case Qt::Key_Backspace:
        pause();
        request(stepBefore(m_steps, m_position, depth()));
        return true;
    default:
        return false;
    }
}

/// Of buttons and slider. Space on a button is a click on that button, as everywhere.
bool TransportBar::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(watched, event);
    const auto &key = static_cast<const QKeyEvent &>(*event);
    const bool isClick = key.key() == Qt::Key_Space && watched != m_slider;
    return (!isClick && takeKey(key)) || QWidget::eventFilter(watched, event);
}

QString TransportBar::positionText(ReplayPosition position) const
{
    const auto count = qint64(m_steps.size());
    if (position.step < 0)
        return count == 0 ? tr("no steps yet") : count == 1 ? tr("one step") : tr("all %1 steps").arg(count);
    const QString step = tr("step %1 of %2").arg(position.step + 1).arg(count);
    if (!position.isUndecided() || depth() != ReplayDepth::Candidates)
        return step;
    return tr("%1: %2 of %3", "step, then its candidates")
        .arg(step)
        .arg(position.candidates)
        .arg(m_steps[std::size_t(position.step)].candidates);
}

/// The room of its longest text: with the words its width would change, and with that the layout of all around it, step by step.
void TransportBar::fitLabel()
{
    const QFontMetrics metrics = m_label->fontMetrics();
    const auto last = qint64(m_steps.size()) - 1;
    int width = 0;
    for (const QString &text : {positionText({}), tr("one step"), tr("no steps yet"), tr("all %1 steps").arg(last + 1),
                                tr("step %1 of %2").arg(last + 1).arg(last + 1)})
        width = std::max(width, metrics.horizontalAdvance(text));
    if (last >= 0 && depth() == ReplayDepth::Candidates)
        for (qint64 step : {qint64(0), last}) // the first has the most candidates, the last the longest number
            width = std::max(width,
                             metrics.horizontalAdvance(positionText({.step = step, .candidates = m_steps[std::size_t(step)].candidates})) +
                                 2 * metrics.horizontalAdvance(u'0'));
    m_label->setFixedSize(width, metrics.height());
}

void TransportBar::changeEvent(QEvent *event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        fitLabel();
}

void TransportBar::followPlaying()
{
    m_play->setIcon(icon(isPlaying() ? QStringLiteral("pause") : QStringLiteral("play")));
    m_play->setAccessibleName(isPlaying() ? tr("Pause the replay") : tr("Play the search"));
    describe(); // its tooltip
}

void TransportBar::describe()
{
    const QSignalBlocker blocker(m_slider);
    const auto last = std::max<qint64>(0, qint64(m_steps.size()) - 1);
    m_slider->setRange(0, int(last));
    m_slider->setValue(int(m_position.step < 0 ? last : m_position.step));
    m_label->setText(positionText(m_position));
    const QString problem = m_steps.empty() ? tr("No step is finished yet.") : QString();
    const std::pair<QWidget *, QString> controls[] = {{m_first, tr("Home")},    {m_back, tr("Left")}, {m_play, tr("Space")},
                                                      {m_forward, tr("Right")}, {m_end, tr("End")},   {m_slider, QString()},
                                                      {m_speed, QString()},     {m_depth, QString()}};
    for (const auto &[control, key] : controls)
        enableUnless(problem, *control,
                     key.isEmpty() ? control->accessibleName()
                                   : tr("%1 (%2)", "what it does, and its key").arg(control->accessibleName(), key));
}

} // namespace secateur::ui
