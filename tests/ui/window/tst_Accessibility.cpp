// SPDX-License-Identifier: GPL-3.0-or-later
// The window as assistive technology sees it. Everything that can have the focus has a name, no two neighbours have the same, and the tree is
// the kept one: `SECATEUR_WRITE_TREE=1 tst_Accessibility` writes that anew after a change that was meant.
#include "WindowBench.h"

#include "commands/PlanEditor.h"
#include "models/SessionModel.h"

#include <QAccessible>
#include <QDockWidget>
#include <QFile>
#include <QMainWindow>
#include <QMenuBar>
#include <QMetaEnum>
#include <QSignalSpy>
#include <QTabWidget>

#include <functional>
#include <set>

using namespace secateur;
using namespace secateur::ui;

namespace {

const QString kKept = QStringLiteral(SECATEUR_FIXTURES "/accessibility-tree.txt");

/// Without what differs from one machine or day to the next.
QString steady(QString text)
{
    static const QRegularExpression number(QStringLiteral("[−+-]?[0-9]+([.,\\x{202f}\\x{00a0}:]?[0-9]+)*([eE][+-]?[0-9]+)?")),
        unit(QStringLiteral("#[\\x{00a0} ](B|kB|MB|GB|TB|ms|s|min|h)\\b")), many(QStringLiteral("#( ?#)+")),
        path(QStringLiteral("(~|/)[^ ,;:'\\n]*/[^ ,;:'\\n]*")), type(QStringLiteral("\\b(fp|bf|FP|BF|float|bfloat)#"));
    text.replace(path, QStringLiteral("PATH")).replace(number, QStringLiteral("#")).replace(unit, QStringLiteral("#"));
    text.replace(many, QStringLiteral("#")).replace(type, QStringLiteral("TYPE"));
    // What computes, and how long ago the session was written down.
    static const QRegularExpression device(QStringLiteral("\\b(cpu|CPU|cuda(:#)?|CUDA)\\b")),
        ago(QStringLiteral("backed up (just now|# ago)"));
    text.replace(device, QStringLiteral("DEVICE")).replace(ago, QStringLiteral("backed up"));
    return text.simplified();
}

QString roleOf(const QAccessibleInterface &object)
{
    const char *key = QMetaEnum::fromType<QAccessible::Role>().valueToKey(object.role());
    return key ? QString::fromLatin1(key) : QString::number(object.role());
}

bool isShown(const QAccessibleInterface &object)
{
    return !object.state().invisible && !object.rect().isEmpty();
}

/// A cell says what its model says, and has a header; a list without entries has none to name.
bool isCell(const QAccessibleInterface &object)
{
    return object.role() == QAccessible::Cell || object.role() == QAccessible::ColumnHeader || object.role() == QAccessible::RowHeader;
}

bool holdsCells(const QAccessibleInterface &object)
{
    return object.role() == QAccessible::Table || object.role() == QAccessible::List || object.role() == QAccessible::Tree;
}

QString line(const QAccessibleInterface &object, int depth)
{
    const QAccessible::State state = object.state();
    QStringList states;
    const std::pair<const char *, bool> all[] = {
        {"disabled", state.disabled},  {"focusable", state.focusable}, {"checkable", state.checkable},   {"checked", state.checked},
        {"read-only", state.readOnly}, {"editable", state.editable},   {"expandable", state.expandable}, {"menu", state.hasPopup}};
    for (const auto &[name, isSet] : all)
        if (isSet)
            states << QLatin1String(name);
    QString words = QStringLiteral("%1%2 \"%3\"").arg(QString(2 * depth, u' '), roleOf(object), steady(object.text(QAccessible::Name)));
    if (!states.isEmpty())
        words += QStringLiteral(" [%1]").arg(states.join(QStringLiteral(", ")));
    return words;
}

using Visit = std::function<void(QAccessibleInterface &object, int depth)>;

/// All that is shown below an object, of tables and lists no more than the headers: what is in them is their model's.
void walk(QAccessibleInterface &object, int depth, const Visit &visit)
{
    visit(object, depth);
    for (int i = 0; i < object.childCount(); ++i) {
        QAccessibleInterface *child = object.child(i);
        if (!child || !child->isValid() || !isShown(*child))
            continue;
        if (holdsCells(object) && child->role() != QAccessible::ColumnHeader)
            continue;
        walk(*child, depth + 1, visit);
    }
}

/// Lines of the one text that are not in the other, with the line before.
QString difference(const QStringList &kept, const QStringList &now)
{
    // The longest common beginning and end leave what changed.
    qsizetype begin = 0, end = 0;
    while (begin < kept.size() && begin < now.size() && kept[begin] == now[begin])
        ++begin;
    while (end < kept.size() - begin && end < now.size() - begin && kept[kept.size() - 1 - end] == now[now.size() - 1 - end])
        ++end;
    const std::multiset<QString> before(kept.begin(), kept.end()), after(now.begin(), now.end());
    QStringList told;
    for (qsizetype i = begin; i < kept.size() - end; ++i)
        if (after.count(kept[i]) < before.count(kept[i]))
            told << QStringLiteral("-%1: %2").arg(i + 1).arg(kept[i]);
    for (qsizetype i = begin; i < now.size() - end; ++i)
        if (before.count(now[i]) < after.count(now[i]))
            told << QStringLiteral("+%1: %2").arg(i + 1).arg(now[i]);
    return told.isEmpty() ? QStringLiteral("the order changed from line %1 on").arg(begin + 1) : told.join(u'\n');
}

} // namespace

class tst_Accessibility : public QObject {
    Q_OBJECT

private slots:
    void initTestCase();
    void init() { failOnOwnWarnings(); }
    void cleanupTestCase() { m_hands.reset(); }

    void whatHasTheFocusHasAName();
    void neighboursDiffer();
    void treeIsTheKeptOne();

private:
    /// Shows every page and every dock in turn, and walks through what is new there.
    void walkAll(const std::function<void(const QString &)> &heading, const Visit &visit);

    std::unique_ptr<WindowBench> m_hands;
};

void tst_Accessibility::initTestCase()
{
    qputenv("HF_HUB_CACHE", "/nonexistent");
    m_hands = std::make_unique<WindowBench>();
    m_hands->window->openSample();
    QVERIFY(m_hands->waitForJobs());
    const Workbench &bench = m_hands->bench();
    const TextSettings text{.files = {WindowBench::sample().calibrationText().toStdString()}, .windows = 2, .length = 64, .seed = 0};
    const QSignalSpy read(&bench.session, &SessionModel::textRead);
    bench.session.setDraftAndTexts(bench.session.draft(), text, text, ScoreNorm::L2);
    bench.jobs.calibrate();
    QVERIFY(m_hands->waitForJobs());
    QTRY_VERIFY(!read.isEmpty()); // in the background; what it is stands below the text
    bench.editor.setAttentionsToRemove(2);
    bench.jobs.evaluate();
    QVERIFY(m_hands->waitForJobs());
    QVERIFY(bench.session.planEvaluation());
    bench.editor.pin(QStringLiteral("Pinned"));
    for (QDockWidget *dock : m_hands->window->findChildren<QDockWidget *>())
        dock->hide();
}

void tst_Accessibility::walkAll(const std::function<void(const QString &)> &heading, const Visit &visit)
{
    MainWindow &window = *m_hands->window;
    auto *tabs = window.findChild<QTabWidget *>();
    const QMetaEnum names = QMetaEnum::fromType<MainWindow::Tab>();
    const auto visitWidget = [&](QWidget *widget, const Visit &with) {
        QAccessibleInterface *object = QAccessible::queryAccessibleInterface(widget);
        QVERIFY(object);
        walk(*object, 0, with);
    };
    window.show(MainWindow::Tab::Model);
    QCoreApplication::processEvents();
    heading(QStringLiteral("Window"));
    int hidden = -1; // depth below which a page lies, which has a part of its own
    visitWidget(&window, [&](QAccessibleInterface &object, int depth) {
        if (hidden >= 0 && depth > hidden)
            return;
        hidden = object.object() == tabs->currentWidget() ? depth : -1;
        visit(object, depth);
    });
    for (int i = 0; i < names.keyCount(); ++i) {
        window.show(MainWindow::Tab(names.value(i)));
        settle();
        heading(QStringLiteral("Page ") + QLatin1String(names.key(i)));
        visitWidget(tabs->currentWidget(), visit);
    }
    for (QAction *action : window.menuBar()->actions()) {
        heading(QStringLiteral("Menu ") + action->text().remove(u'&'));
        QAccessibleInterface *menu = QAccessible::queryAccessibleInterface(action->menu());
        QVERIFY(menu);
        for (int i = 0; i < menu->childCount(); ++i) // they are not shown, and say all the same what they are
            visit(*menu->child(i), 0);
    }
    for (QDockWidget *dock : window.findChildren<QDockWidget *>()) {
        dock->show();
        dock->raise();
        settle();
        heading(QStringLiteral("Dock ") + dock->objectName());
        visitWidget(dock, visit);
        dock->hide();
    }
}

void tst_Accessibility::whatHasTheFocusHasAName()
{
    QStringList unnamed;
    QString part;
    int focusable = 0;
    walkAll([&](const QString &heading) { part = heading; },
            [&](QAccessibleInterface &object, int) {
                if (!object.state().focusable || isCell(object))
                    return;
                ++focusable;
                if (!object.text(QAccessible::Name).isEmpty())
                    return;
                const QObject *self = object.object(), *parent = self ? self->parent() : nullptr;
                if (object.role() == QAccessible::PageTabList && qobject_cast<const QMainWindow *>(parent))
                    return; // Qt's own, with the docks as its tabs; none is shown
                unnamed << QStringLiteral("%1: %2 %3 in %4")
                               .arg(part, roleOf(object), QLatin1String(self ? self->metaObject()->className() : "?"),
                                    QLatin1String(parent ? parent->metaObject()->className() : "?"));
            });
    QVERIFY2(unnamed.isEmpty(), qPrintable(unnamed.join(u'\n')));
    QVERIFY2(focusable > 80, qPrintable(QString::number(focusable)));
}

void tst_Accessibility::neighboursDiffer()
{
    QStringList twins;
    QString part;
    walkAll([&](const QString &heading) { part = heading; },
            [&](QAccessibleInterface &object, int) {
                if (holdsCells(object))
                    return;
                std::set<std::pair<QString, QString>> known;
                for (int i = 0; i < object.childCount(); ++i) {
                    const QAccessibleInterface *child = object.child(i);
                    if (!child || !isShown(*child) || !child->state().focusable)
                        continue;
                    if (!known.insert({roleOf(*child), child->text(QAccessible::Name)}).second)
                        twins << QStringLiteral("%1: two of %2 '%3'").arg(part, roleOf(*child), child->text(QAccessible::Name));
                }
            });
    QVERIFY2(twins.isEmpty(), qPrintable(twins.join(u'\n')));
}

void tst_Accessibility::treeIsTheKeptOne()
{
    QStringList now;
    walkAll([&](const QString &heading) { now << QStringLiteral("== ") + heading; },
            [&](QAccessibleInterface &object, int depth) { now << line(object, depth); });
    QFile file(kKept);
    if (qEnvironmentVariableIsSet("SECATEUR_WRITE_TREE")) {
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(now.join(u'\n').toUtf8() + '\n');
        return;
    }
    QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(kKept));
    const QStringList kept = QString::fromUtf8(file.readAll()).trimmed().split(u'\n');
    if (kept != now)
        QFAIL(qPrintable(QStringLiteral("The tree of the window is not the kept one. Where that was meant, write it anew: "
                                        "SECATEUR_WRITE_TREE=1 tst_Accessibility\n") +
                         difference(kept, now)));
}

QTEST_MAIN(tst_Accessibility)
#include "tst_Accessibility.moc"
